/**
 * Signed notes (C2SP signed-note): a text, an empty line, and one line per signature,
 * `— <key name> <base64(4-byte key id || signature)>`.
 */
import { fromBase64, toBase64 } from "./base64.ts";
import { Malformed } from "./malformed.ts";

export interface NoteSignature {
  readonly name: string;
  /** 8 lower-case hex digits: which of the name's keys and algorithms. */
  readonly key_id: string;
  /** Without the key id. */
  readonly signature: Uint8Array;
}

export interface SignedNote {
  /** With its last newline, without the empty line: the bytes that are signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const DASH = "\u2014";
/** The specification wants at least 16; Go's reader has the same limit as this one. */
const SIGNATURES_MAX = 100;
const BYTES_MAX = 1_000_000;
const KEY_ID_BYTES = 4;

/** Key names are not empty and have no Unicode space and no plus. */
export const isNoteKeyName = (name: string): boolean =>
  name !== "" && name.isWellFormed() && !/[\s\u0085+]/u.test(name) && !hasControls(name);

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a note must not hold
const hasControls = (text: string): boolean => /[\u0000-\u0009\u000b-\u001f]/.test(text);

/** @throws Malformed */
export function parseNote(bytes: Uint8Array): SignedNote {
  if (bytes.length > BYTES_MAX) throw new Malformed(`the note has more than ${BYTES_MAX} bytes`);
  const whole = decoded(bytes);
  if (hasControls(whole)) throw new Malformed("the note holds a control character");
  const split = whole.lastIndexOf("\n\n");
  if (split < 0) throw new Malformed("the note has no empty line before its signatures");
  const lines = whole.slice(split + 2).split("\n");
  if (lines.pop() !== "") throw new Malformed("the last signature has no newline");
  if (lines.length === 0) throw new Malformed("the note has no signature");
  if (lines.length > SIGNATURES_MAX)
    throw new Malformed(`the note has more than ${SIGNATURES_MAX} signatures`);
  return { text: whole.slice(0, split + 1), signatures: lines.map(signatureOf) };
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Malformed("the note is not UTF-8");
  }
}

function signatureOf(line: string, at: number): NoteSignature {
  const what = `signature ${at + 1}`;
  const [dash, name, base64, ...more] = line.split(" ");
  if (dash !== DASH || name === undefined || base64 === undefined || more.length > 0) {
    throw new Malformed(`${what} is not "${DASH} name base64"`);
  }
  if (!isNoteKeyName(name)) throw new Malformed(`${what} has no key name`);
  const bytes = fromBase64(base64, what);
  if (bytes.length <= KEY_ID_BYTES) throw new Malformed(`${what} is too short`);
  const key_id = bytes.toString("hex", 0, KEY_ID_BYTES);
  return { name, key_id, signature: bytes.subarray(KEY_ID_BYTES) };
}

/** `text` ends in a newline. */
export function formatNote({ text, signatures }: SignedNote): string {
  return `${text}\n${signatures.map(signatureLine).join("")}`;
}

/** With its newline. */
function signatureLine({ name, key_id, signature }: NoteSignature): string {
  return `${DASH} ${name} ${toBase64(Buffer.concat([Buffer.from(key_id, "hex"), signature]))}\n`;
}

/** The note with the signature added; an earlier one by the same key is replaced. */
export function withSignature(note: SignedNote, signature: NoteSignature): SignedNote {
  const others = note.signatures.filter(
    ({ name, key_id }) => name !== signature.name || key_id !== signature.key_id,
  );
  return { text: note.text, signatures: [...others, signature] };
}
