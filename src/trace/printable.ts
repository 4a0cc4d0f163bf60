/** Text from a plane made safe to print: what would move a cursor, hide or reorder characters is shown as an escape. */

/** Controls, line and paragraph separators, direction marks, zero-width characters, lone surrogates, noncharacters. */
const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this finds.
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu;

/** Nearly every text is only this. */
const ASCII = /^[\x20-\x7e]*$/;

export function printable(text: string): string {
  if (ASCII.test(text)) return text;
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (character === "\n") return "\\n";
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** The same value with every text in it printable, keys included. Done to a whole report, so no line can forget it. */
export function printableDeep<T>(value: T): T {
  return convert(value) as T;
}

function convert(value: unknown): unknown {
  if (typeof value === "string") return printable(value);
  if (Array.isArray(value)) return value.length > AT_ONCE_MAX ? converted(value) : value.map(convert);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [printable(key), convert(member)]));
}

const AT_ONCE_MAX = 200;

/** A long list, whose elements are made printable when they are looked at: of thousands the first are shown. */
const converted = (list: unknown[]): unknown[] =>
  new Proxy(list, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key);
      return typeof key === "string" && /^\d+$/.test(key) ? convert(member) : member;
    },
  });
