/** Takes secrets out of text a plugin wrote, in the forms in which programs print them. Pure. */
import type { Json } from "../kernel/index.ts";

const MARK = "[secret]";
/** Shorter values would blank half the text, and are no secrets. */
const CHARACTERS_MIN = 6;

export interface Redactor {
  readonly text: (text: string) => string;
  /** The same for a piece of a longer text: what may be a piece of a secret at either end goes too. */
  readonly pieceOf: (text: string) => string;
}

export function redactorOf(secrets: Iterable<string>): Redactor {
  const forms = [...new Set([...secrets].flatMap(formsOf))].sort((a, b) => b.length - a.length);
  const text = (raw: string): string => forms.reduce((shown, form) => shown.replaceAll(form, MARK), raw);
  return { text, pieceOf: (raw) => withoutPieces(text(raw), forms) };
}

/** Secrets are gathered when there is a text to take them out of, which most runs do not have. */
export function redactorFor(secrets: () => Iterable<string>): Redactor {
  let made: Redactor | undefined;
  const redactor = (): Redactor => {
    made ??= redactorOf(secrets());
    return made;
  };
  return {
    text: (raw) => (raw === "" ? raw : redactor().text(raw)),
    pieceOf: (raw) => (raw === "" ? raw : redactor().pieceOf(raw)),
  };
}

/** A plugin chose the path or the name it was denied, and either end of a long one is cut. */
export function redactedDenial(redactor: Redactor, denial: Json): Json {
  const { subject, scope, ...about } = denial as Record<string, Json>;
  if (typeof subject !== "string") return denial;
  const shown = redactor.pieceOf(subject);
  // What holds a secret is no permission to ask for.
  return { ...about, subject: shown, ...(scope === undefined || shown !== subject ? {} : { scope }) };
}

/** As it is, in lower case as hosts are written, in JSON, in a URL, in hex, and in Base64 at each of the three places it can stand in a longer text. */
function formsOf(secret: string): string[] {
  if (secret.length < CHARACTERS_MIN) return [];
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].flatMap((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    // The characters at both ends also hold bits of what stands beside it.
    const inner = whole.slice(
      shift === 0 ? 0 : shift + 1,
      bytes.length % 3 === (3 - shift) % 3 ? undefined : -1,
    );
    return [inner, inner.replaceAll("+", "-").replaceAll("/", "_")];
  });
  const forms = [
    secret,
    secret.toLowerCase(),
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret.toWellFormed()),
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    ...base64,
  ];
  // A secret of several lines is often printed line by line.
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  return [...forms, ...lines].filter((form) => form.length >= CHARACTERS_MIN);
}

/** Fewer characters of a secret tell nothing. */
const PIECE_CHARACTERS_MIN = 4;

function withoutPieces(text: string, forms: readonly string[]): string {
  let piece = text;
  for (const form of forms) {
    const longest = Math.min(form.length - 1, piece.length);
    for (let length = longest; length >= PIECE_CHARACTERS_MIN; length--) {
      if (piece.endsWith(form.slice(0, length))) piece = `${piece.slice(0, -length)}${MARK}`;
      if (piece.startsWith(form.slice(-length))) piece = `${MARK}${piece.slice(length)}`;
    }
  }
  return piece;
}
