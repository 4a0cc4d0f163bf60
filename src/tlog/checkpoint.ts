/** Checkpoints (C2SP tlog-checkpoint): the text of a signed note that says how long a log is and what its root is. */
import { fromBase64, toBase64 } from "./base64.ts";
import type { TreeHead } from "./consistency.ts";
import { fromDecimal } from "./decimal.ts";
import { HASH_BYTES } from "./hashes.ts";
import { Malformed } from "./malformed.ts";
import { parseNote, type SignedNote } from "./signed-note.ts";

export interface Checkpoint extends TreeHead {
  /** Which log this is. */
  readonly origin: string;
}

/** The text to sign: origin, size, base64 of the root, a line each. */
export const checkpointText = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${toBase64(root)}\n`;

/** Extension lines are allowed by the specification and passed over. @throws Malformed */
function parseCheckpointText(text: string): Checkpoint {
  const lines = text.split("\n");
  if (lines.pop() !== "" || lines.length < 3) throw new Malformed("the checkpoint has less than three lines");
  if (lines.includes("")) throw new Malformed("the checkpoint has an empty line");
  const [origin = "", size = "", root = ""] = lines;
  const bytes = fromBase64(root, "the root of the checkpoint");
  if (bytes.length !== HASH_BYTES) throw new Malformed("the root of the checkpoint does not have 32 bytes");
  return { origin, size: fromDecimal(size, "the size of the checkpoint"), root: bytes };
}

export interface SignedCheckpoint extends Checkpoint {
  readonly note: SignedNote;
}

/** Reads a checkpoint with its signatures, none of which is checked. @throws Malformed */
export function parseCheckpoint(bytes: Uint8Array): SignedCheckpoint {
  const note = parseNote(bytes);
  return { ...parseCheckpointText(note.text), note };
}
