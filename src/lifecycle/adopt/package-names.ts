/** Ids, names and versions of ours for packages that came from elsewhere. Pure. */
import semver from "semver";
import { CellText, PackageId, type Row, Version } from "../../contracts/index.ts";
import type { InventoryEntry } from "./inventory-types.ts";

const WORD_MAX = 80;

/** `PKG-<NAME>` without its number: `@scope/left-pad` is `PKG-SCOPE-LEFT-PAD`. */
function idStem(name: string): string {
  const words = name
    .normalize("NFKD")
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, "-")
    .slice(0, WORD_MAX)
    .replace(/^-+|-+$/g, "");
  return `PKG-${words === "" ? "ADOPTED" : words}`;
}

/** The first number that is free, or that an earlier adoption of the same package from the same place left behind. */
export function deriveId(
  name: string,
  artifact_path: string,
  rowOf: (id: string) => Row | undefined,
  taken: ReadonlySet<string>,
): string {
  const stem = idStem(name);
  for (let number = 1; ; number++) {
    const id = `${stem}-${String(number).padStart(3, "0")}`;
    if (taken.has(id)) continue;
    const row = rowOf(id);
    if (row === undefined || (row["name"] === cellName(name) && row["artifact_path"] === artifact_path))
      return id;
  }
}

export const isPackageId = (text: string): boolean => PackageId.safeParse(text).success;

/** A name that may stand in a registry cell: `@scope/x` would be a formula to a spreadsheet. */
export function cellName(name: string): string {
  const plain = name
    .toWellFormed()
    .replace(/^[=+\-@\s]+/, "")
    .slice(0, 200);
  return plain !== "" && CellText.safeParse(plain).success ? plain : "adopted";
}

export const cellOrNothing = (text: string | null): string | undefined =>
  text !== null && CellText.safeParse(text).success ? text : undefined;

const PRE: Record<string, string> = {
  a: "alpha",
  alpha: "alpha",
  b: "beta",
  beta: "beta",
  c: "rc",
  rc: "rc",
  pre: "rc",
  preview: "rc",
};
const PEP440 =
  /^v?(?:\d+!)?(\d+(?:\.\d+)*)[-_.]?(?:(a|b|c|rc|alpha|beta|pre|preview)[-_.]?(\d*))?(?:[-_.]?(?:post|rev|r)[-_.]?(\d*))?(?:[-_.]?dev[-_.]?(\d*))?(?:\+([a-z0-9._-]+))?$/i;

/**
 * The semantic version nearest to what a package calls itself: `24.0` is `24.0.0`, `1.2.3.4` is `1.2.3+4`, `2.0b1` is
 * `2.0.0-beta.1`, `1.0.post2` is `1.0.0+post.2`. What cannot be read at all is `0.0.0`.
 */
export function semverOf(version: string | null): string {
  const text = (version ?? "").trim();
  if (Version.safeParse(text).success) return text;
  const found = PEP440.exec(text);
  if (found === null) return semver.coerce(text)?.version ?? "0.0.0";
  const [, release = "0", pre, pre_number, post, dev, local] = found;
  const numbers = release.split(".").map(plainNumber);
  const core = [0, 1, 2].map((index) => numbers[index] ?? "0").join(".");
  const before = [
    ...counted(PRE[pre?.toLowerCase() ?? ""] ?? pre, pre_number),
    ...counted(dev === undefined ? dev : "dev", dev),
  ];
  const after = [
    ...numbers.slice(3),
    ...counted(post === undefined ? post : "post", post),
    ...(local?.split(/[._-]+/) ?? []),
  ];
  const whole = `${core}${joined("-", before)}${joined("+", after)}`;
  return Version.safeParse(whole).success ? whole : "0.0.0";
}

const counted = (word: string | undefined, number: string | undefined): string[] =>
  word === undefined ? [] : [word, plainNumber(number || "0")];
const joined = (mark: string, parts: readonly string[]): string =>
  parts.length === 0 ? "" : mark + parts.join(".");
const plainNumber = (part: string): string => part.replace(/^0+(?=\d)/, "");

/** Whether `--take WORD` means this entry: by name, by place, or by its name as Python compares names. */
export function isNamed({ name, place, kind }: InventoryEntry, word: string): boolean {
  const canonical = (text: string): string => text.toLowerCase().replace(/[-_.]+/g, "-");
  return name === word || place === word || (kind === "python" && canonical(name) === canonical(word));
}
