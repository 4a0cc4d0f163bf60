/** One run of something on a disk, with the disk kept at every mutation. */
import { type Answer, type Mutation, type SimDisk, seededNumbers } from "../../src/effects/sim/index.ts";

/** The disk before one mutation, or at the end of the run. */
export interface Point {
  readonly number: number;
  readonly name: string;
  readonly disk: SimDisk;
  readonly torn?: SimDisk;
}

export interface Recorded {
  readonly points: readonly Point[];
  readonly mutations: readonly Mutation[];
  readonly error: unknown;
}

/** @param answer what happens at each mutation; by default it is simply done */
export async function record(
  disk: SimDisk,
  run: () => Promise<unknown>,
  answer: (mutation: Mutation) => Answer = () => undefined,
): Promise<Recorded> {
  const points: Point[] = [];
  const mutations: Mutation[] = [];
  disk.onMutation = (mutation) => {
    const torn = mutation.torn?.();
    points.push({
      number: mutation.number,
      name: mutation.name,
      disk: disk.fork(),
      ...(torn === undefined ? {} : { torn }),
    });
    mutations.push(mutation);
    return answer(mutation);
  };
  let error: unknown;
  try {
    await run();
  } catch (thrown) {
    error = thrown;
  }
  disk.onMutation = undefined;
  points.push({ number: mutations.length, name: "the end", disk: disk.fork() });
  return { points, mutations, error };
}

export interface Limits {
  readonly exhaustive_max: number;
  readonly samples: number;
}

/** A disk that can be found after a crash at a point. `id` is `kill`, `torn` or `cut<n>`. */
export interface Crashed {
  readonly id: string;
  readonly name: string;
  readonly disk: SimDisk;
}

export function* crashesAt(point: Point, limits: Limits, seed: number): Generator<Crashed> {
  yield { id: "kill", name: "killed", disk: point.disk };
  if (point.torn !== undefined) yield { id: "torn", name: "killed half way through", disk: point.torn };
  let number = 0;
  for (const { name, disk } of point.disk.powerCuts({ ...limits, seed: seed * 100_003 + point.number })) {
    yield { id: `cut${number++}`, name: `power cut: ${name}`, disk };
  }
}

/** So many of the items, evenly at random, in their order. */
export function sample<T>(items: readonly T[], count: number, seed: number): readonly T[] {
  if (items.length <= count) return items;
  const draw = seededNumbers(seed);
  let wanted = count;
  return items.filter((_item, at) => {
    if (draw() >= wanted / (items.length - at)) return false;
    wanted -= 1;
    return true;
  });
}
