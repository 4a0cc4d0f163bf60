/** The streams an operation on the ledger is about. */
import { listStreams, type StreamRef } from "../ledger/index.ts";
import { PLANE_STREAMS, type Plane, planeStream } from "../plane/index.ts";
import type { Context } from "./define.ts";
import { make } from "./faults.ts";

/** The streams named, else all of the plane: those every plane has first, then whatever else there is. */
export function chosenStreams(
  { effects }: Pick<Context, "effects">,
  plane: Plane,
  named: readonly string[] = [],
): StreamRef[] {
  const { root, keys_directory } = plane;
  const names =
    named.length > 0
      ? named
      : [...PLANE_STREAMS, ...listStreams(effects.fs, { root, heads_directory: `${keys_directory}/heads` })];
  return [...new Set(names)].map((name) => planeStream(plane, name));
}

/** A stream that was named and is not there is a slip of the pen, or gone: not one in which nothing happened. @throws STREAM_UNKNOWN */
export function requireThere({ effects }: Pick<Context, "effects">, { name, path }: StreamRef): void {
  if (effects.fs.stat(path) === undefined)
    throw make("STREAM_UNKNOWN", `there is no ledger ${name}`, { stream: name });
}

/** The same without those that do not exist: for looking at entries, not for judging. */
export function presentStreams(
  context: Pick<Context, "effects">,
  plane: Plane,
  named: readonly string[] = [],
): StreamRef[] {
  return chosenStreams(context, plane, named).filter(
    ({ path }) => context.effects.fs.stat(path) !== undefined,
  );
}
