/** What a worker does: takes one piece after the other, and tells what became of each. */
import type { Effects } from "../../effects/index.ts";
import { claimNext } from "./job.ts";
import { lineOf } from "./messages.ts";

export interface Tells {
  readonly onDoing: (doing: string) => void;
  readonly onDifference: (difference: string) => void;
}
export type Work = (at: number, tells: Tells) => Promise<unknown>;

export interface Shift {
  /** Folder of the job. */
  readonly folder: string;
  /** How many pieces it has. */
  readonly count: number;
  readonly work: Work;
  /** Takes a line for the run that started it. */
  readonly say: (line: string) => void;
}

/**
 * Returns how many pieces were done. One that throws is told as broken, and the next is taken: it says nothing of its package,
 * and nothing of the other pieces. @throws the reason of the signal
 */
export async function takePieces(
  { fs, signal }: Pick<Effects, "fs" | "signal">,
  { folder, count, work, say }: Shift,
): Promise<number> {
  let pieces = 0;
  for (;;) {
    signal.throwIfAborted();
    const at = claimNext({ fs }, folder, count);
    if (at === undefined) return pieces;
    say(lineOf({ began: at }));
    try {
      const result = await work(at, {
        onDoing: (doing) => say(lineOf({ at, doing })),
        onDifference: (difference) => say(lineOf({ at, difference })),
      });
      say(lineOf({ done: at, result }));
      pieces += 1;
    } catch (error) {
      signal.throwIfAborted();
      say(lineOf({ broken: at, because: reasonOf(error) }));
    }
  }
}

/**
 * Tells that nothing more comes, however the work ended. The run waits for that before it lets go of the worker, and the worker
 * waits to be let go of: one that said nothing would never end.
 */
export async function untilFinished<T>(say: Shift["say"], work: () => Promise<T>): Promise<T> {
  let because: string | undefined;
  try {
    return await work();
  } catch (error) {
    because = reasonOf(error);
    throw error;
  } finally {
    say(lineOf(because === undefined ? { finished: true } : { finished: true, because }));
  }
}

/** Without a stack: it is shown in reports. */
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
