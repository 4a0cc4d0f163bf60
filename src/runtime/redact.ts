/** Takes secrets out of text a plugin wrote, in the forms in which programs print them. Pure. */

const MARK = "[secret]";
/** Shorter values would blank half the text, and are no secrets. */
const CHARACTERS_MIN = 6;

export interface Redactor {
  readonly text: (text: string) => string;
  /** The same for text whose end was cut off: the beginning of a secret at the end goes too. */
  readonly cutText: (text: string) => string;
}

export function redactorOf(secrets: Iterable<string>): Redactor {
  const forms = [...new Set([...secrets].flatMap(formsOf))].sort((a, b) => b.length - a.length);
  const text = (raw: string): string => forms.reduce((shown, form) => shown.replaceAll(form, MARK), raw);
  return { text, cutText: (raw) => withoutBegun(text(raw), forms) };
}

/** As it is, in JSON, in a URL, in hex, and in Base64 at each of the three places it can stand in a longer text. */
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

function withoutBegun(text: string, forms: readonly string[]): string {
  for (const form of forms) {
    for (let length = Math.min(form.length - 1, text.length); length >= 4; length--) {
      if (text.endsWith(form.slice(0, length))) return `${text.slice(0, -length)}${MARK}`;
    }
  }
  return text;
}
