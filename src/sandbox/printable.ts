/** What a program said, fit for one line of a report. */

const CHARACTERS_MAX = 400;

/** The last 400 characters, without control and format characters, white space run together. */
export function lastWords(text: string, characters_max = CHARACTERS_MAX): string {
  const line = text
    .slice(-characters_max * 8)
    .replace(/[\p{C}\s]+/gu, " ")
    .trim();
  // By code point, so that no character is cut in two.
  return Array.from(line).slice(-characters_max).join("").trim();
}
