/** What the caller of a trace hands in besides effects and plane. */
import type { InclusionProof } from "../contracts/index.ts";
import type { TraceFacts } from "./facts.ts";

/** The transparency log of a plane, as far as a trace needs it. Streams are named by their plane-relative path. */
export interface LogProofs {
  /** That the line (from 1) is in the newest signed tree; undefined while no tree reaches it. */
  inclusion(stream: string, line: number): InclusionProof | undefined;
  /** Root of the tree over the first `tree_size` lines, bare hex; undefined when the stream is shorter. */
  root(stream: string, tree_size: number): string | undefined;
  /** The stream a checkpoint's origin line names. */
  streamOf(origin: string): string | undefined;
}

export interface TraceOptions {
  /** Files that belong to the plane itself: plane-relative path to 64 hex digits. */
  readonly launchers?: ReadonlyMap<string, string>;
  /** An index over the plane. */
  readonly facts?: TraceFacts;
  /** Recompute the digest of every piece of evidence. */
  readonly prove?: boolean;
  /** List every dependent, package and file, instead of the first thousand. */
  readonly all?: boolean;
  readonly log?: LogProofs;
  /** A time (ISO 8601) or ledger entry: answer as of then. */
  readonly at?: string | undefined;
}
