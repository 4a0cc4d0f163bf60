/** Names from a plane in messages and commands: hostile characters show as escapes, and a pasted command stays one word. */

const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this finds.
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\p{Cs}/gu;

/** Controls, direction marks, zero-width characters and lone surrogates as `\u001b`; everything else as it is. */
export function shown(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const PLAIN_WORD = /^[A-Za-z0-9_./@%+=:,][A-Za-z0-9_./@%+=:,-]*$/;

/** One shell word that names exactly this path (POSIX quoting; $'…' where it holds control characters). */
export function shellWord(path: string): string {
  if (PLAIN_WORD.test(path)) return path;
  const text = path.startsWith("-") ? `./${path}` : path;
  if (shown(text) === text) return `'${text.replaceAll("'", `'\\''`)}'`;
  const escaped = text.replace(/[\\']/g, "\\$&").replace(UNPRINTABLE, (character) => {
    const bytes = [...Buffer.from(character)];
    return bytes.map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
  });
  return `$'${escaped}'`;
}
