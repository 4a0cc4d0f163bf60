/** What was seen of one cell, before anything is said of it. */
import type { GoldenProblem } from "../../contracts/index.ts";

export interface Attempt {
  /** Whether preflight or install refused it for the very ranges it lies outside of. */
  readonly refused_by: "preflight" | "install" | "host" | null;
  /** Whether every question was answered rightly; null where none was asked. */
  readonly works: boolean | null;
  readonly interpreter: string | null;
  readonly checks: number;
  /** What stands against the plugin. */
  readonly problems: readonly GoldenProblem[];
  /** What stands against the harness, the host or the machine; nothing is known of the plugin then. */
  readonly broken: readonly GoldenProblem[];
}
