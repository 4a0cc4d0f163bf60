/** Parts of a whole that several machines run: `2/4` is every fourth piece, from the second on. */
import { raise } from "../faults.ts";

export interface Shard {
  /** From 1. */
  readonly number: number;
  readonly of: number;
}

const SHARDS_MAX = 1000;

/** @throws SHARD_INVALID */
export function shardOf(text: string): Shard {
  const found = /^(\d{1,4})\/(\d{1,4})$/.exec(text);
  const [number, of] = [Number(found?.[1]), Number(found?.[2])];
  if (found !== null && number >= 1 && number <= of && of <= SHARDS_MAX) return { number, of };
  return raise("SHARD_INVALID", `--shard ${text} is no part of a whole, such as 2/4`, { shard: text });
}

/** Neighbours go to different shards: what lies together takes equally long. */
const isInShard = ({ number, of }: Shard, at: number): boolean => at % of === number - 1;

export const inShard = <T>(shard: Shard | undefined, whole: readonly T[]): readonly T[] =>
  shard === undefined ? whole : whole.filter((_, at) => isInShard(shard, at));
