import { readLine } from "./line-reading.ts";

/** What one line says of itself; whether it stands at its place in the chain, only a verification tells. */
export interface LineState {
  readonly state: "sound" | "edited" | "malformed";
  /** As recomputed; absent for a line that is not an entry. */
  readonly computed_hash?: string;
  readonly reason?: string;
}

/** Judges the text of one stored line, without its newline. */
export function judgeLine(text: string): LineState {
  const reading = readLine(Buffer.from(text));
  return reading.state === "malformed"
    ? { state: "malformed", reason: reading.reason }
    : { state: reading.state, computed_hash: reading.computed_hash };
}
