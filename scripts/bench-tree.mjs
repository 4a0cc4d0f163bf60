/** The tree that we and our peers work on. */
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Word-like text, three parts in four; the rest random. */
export function makeTree(folder, files, bytes_each) {
  const words =
    "ledger plane package receipt anchor harbour grant policy digest archive transaction generation probe".split(
      " ",
    );
  let seed = 7;
  const next = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff);
  for (let index = 0; index < files; index++) {
    const directory = join(folder, `d${index % 20}`);
    mkdirSync(directory, { recursive: true });
    let text = `# file ${index}\n`;
    while (text.length < bytes_each * 0.75)
      text += `${words[next() % words.length]}${next() % 1000}${next() % 12 === 0 ? "\n" : " "}`;
    const random = randomBytes(Math.max(0, bytes_each - text.length))
      .toString("base64")
      .slice(0, Math.max(0, bytes_each - text.length));
    writeFileSync(join(directory, `f${index}.dat`), (text + random).slice(0, bytes_each));
  }
}
