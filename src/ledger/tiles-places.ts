/**
 * Where the log of a stream lies: `ledger/governance.jsonl` has `ledger/governance/tile/…` and
 * `ledger/governance/checkpoint`, laid out as C2SP tlog-tiles serves them. What only saves time is in `.holdfast/cache`.
 */
import { type TileName, tilePath } from "../tlog/index.ts";
import type { StreamRef } from "./stream-ref.ts";

export interface TreePlaces {
  /** Absolute folder of tiles and checkpoint. */
  readonly directory: string;
  readonly checkpoint: string;
  /** The newest checkpoint that a witness signed too. */
  readonly cosigned: string;
  /** Folder of the two files below. */
  readonly cache: string;
  /** How far the tiles reach; see tiles-state.ts. */
  readonly state: string;
  /** Byte position of every 256th line; see tiles-offsets.ts. */
  readonly offsets: string;
}

export function treePlaces(stream: StreamRef): TreePlaces {
  const directory = withoutSuffix(stream.path);
  const root = stream.path.slice(0, -stream.name.length - 1);
  const cache = `${root}/.holdfast/cache/tlog`;
  const name = withoutSuffix(stream.name).replaceAll("/", "__");
  return {
    directory,
    checkpoint: `${directory}/checkpoint`,
    cosigned: `${directory}/cosigned`,
    cache,
    state: `${cache}/${name}.json`,
    offsets: `${cache}/${name}.offsets`,
  };
}

const withoutSuffix = (path: string): string => path.replace(/\.jsonl$/, "");

/** Absolute path of a tile. */
export const tileFile = (stream: StreamRef, name: TileName): string =>
  `${withoutSuffix(stream.path)}/${tilePath(name)}`;

/** Plane-relative name of a file of the log: `tile/0/000`, `checkpoint`. */
export const treeFileName = (stream: StreamRef, file: string): string =>
  `${withoutSuffix(stream.name)}/${file}`;
