/** Generates CSV files as hands, spreadsheets and programs leave them, with the rows they hold. */
import fc from "fast-check";
import { REGISTRY_COLUMNS, type RegistryName, type Row } from "../../src/contracts/index.ts";

export interface CsvCase {
  readonly text: string;
  readonly rows: readonly Row[];
}

const cellText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("", "a", "x,y", 'say "hi"', "你好", "𝒳 é", " padded ", "1.0.0") },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 8 }).filter((t) => !/[\0\r\n]/.test(t)) },
);
const noteText = fc.oneof(cellText, fc.constantFrom("two\nlines", "two\r\nlines", '"\n"', "\r"));
const endings = fc.constantFrom("\r\n", "\n");

const quoteAlways = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const quoteWhereNeeded = (text: string): string => (/[",\r\n]/.test(text) ? quoteAlways(text) : text);

/** Files with any column order, unknown columns, over-quoting, mixed endings, blank lines, short rows, with or without BOM and final newline. */
export function csvCase(name: RegistryName, keyed: "any order" | "sorted"): fc.Arbitrary<CsvCase> {
  const known: readonly string[] = REGISTRY_COLUMNS[name];
  const key_column = known[0] ?? "";
  return fc
    .record({
      columns: fc.shuffledSubarray([...known, "notes", "__proto__", "naïve, column"], {
        minLength: known.length + 3,
      }),
      keys: fc.uniqueArray(fc.stringMatching(/^[a-m]{1,4}$/), { maxLength: 6 }),
      seed: fc.infiniteStream(fc.tuple(noteText, cellText, fc.boolean(), endings, fc.nat(9))),
      bom: fc.boolean(),
      final_newline: fc.boolean(),
    })
    .map(({ columns, keys, seed, bom, final_newline }) => {
      const ordered = keyed === "sorted" ? [...keys].sort() : keys;
      const draw = (): [string, string, boolean, string, number] => seed.next().value as never;
      const line = (texts: readonly string[]): string =>
        texts.map((text) => (draw()[2] ? quoteAlways(text) : quoteWhereNeeded(text))).join(",");
      let text = (bom ? "\ufeff" : "") + line(columns);
      const rows: Row[] = [];
      for (const key of ordered) {
        text += draw()[3];
        if (draw()[4] === 0) text += draw()[3];
        const texts = columns.map((column) =>
          column === key_column ? key : column === "notes" ? draw()[0] : draw()[1],
        );
        const key_index = columns.indexOf(key_column);
        if (draw()[4] === 0) texts.length = Math.max(key_index + 1, texts.length - 2);
        text += line(texts);
        const row: Record<string, string> = Object.create(null);
        for (const [index, column] of columns.entries()) row[column] = texts[index] ?? "";
        rows.push(row);
      }
      return { text: text + (final_newline ? draw()[3] : ""), rows };
    });
}
