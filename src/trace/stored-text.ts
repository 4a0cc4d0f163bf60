/** A line of a ledger stream by its number. */
import { byIndex } from "../ledger/index.ts";
import { planeStream } from "../plane/index.ts";
import type { Sight } from "./sight.ts";

/** From 1; found at once where the tiles reach it. Undefined where there is none, or the stream cannot be read. */
export function storedText(sight: Sight, stream: string, number: number): string | undefined {
  if (number < 1) return undefined;
  try {
    return byIndex(sight.effects.fs, planeStream(sight.plane, stream), number - 1)?.bytes.toString("utf8");
  } catch (error) {
    sight.noteFault(error);
    return undefined;
  }
}
