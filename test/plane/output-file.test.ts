/** What somebody asks for with --out is written beside planes, never into what they keep, nor over their keys. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { writeOutput } from "../../src/plane/index.ts";
import { type LibraryPlane, libraryPlane } from "../support/library-plane.ts";
import { picture, writeTree } from "../support/tree.ts";

let on: LibraryPlane;
beforeEach(async () => {
  on = await libraryPlane();
});
/** From the plane's root. */
const write = (path: string): string =>
  writeOutput({ ...on.effects, host: { ...on.effects.host, cwd: on.root } }, path, "page");
const refusal = expect.objectContaining({ code: "OUTPUT_REFUSED", exit_code: 3 });

const REFUSED = [
  "ledger/governance.jsonl",
  "LEDGER/x.html",
  "registries/packages_registry.csv",
  "config/plane.toml",
  "installed/x.json",
  "packages_store/x.tar.gz",
  ".holdfast/state/generation.json",
  "modules/x.html",
  "../plane/modules/x.html",
  ".gitignore",
  "scripts/trace.py",
  "nowhere/x.html",
  "a\0b",
  "own",
  "own/",
  "/",
  "",
  ".",
  "link/x.html",
  "dangling",
  "/dev/null",
  "../home/.holdfast/planes/UID/heads/x",
];

describe("refused, and nothing is written", () => {
  test("where the plane and its keys lie, and where no file can be", () => {
    for (const folder of ["LEDGER", "own"]) mkdirSync(join(on.root, folder), { recursive: true });
    symlinkSync(join(on.root, "ledger"), join(on.root, "link"));
    symlinkSync(join(on.root, "not-there"), join(on.root, "dangling"));
    const [uid = ""] = readdirSync(join(on.root, "../home/.holdfast/planes"));
    const before = picture(join(on.root, ".."));
    for (const path of REFUSED)
      expect(() => write(path.replace("UID", uid)), JSON.stringify(path)).toThrow(refusal);
    expect(() => write("/proc/x")).toThrow(expect.objectContaining({ code: "OUT_UNWRITABLE", exit_code: 5 }));
    expect(picture(join(on.root, ".."))).toEqual(before);
  });

  test("in another plane, and in one whose configuration cannot be read", async () => {
    const other = await libraryPlane();
    const inside = join(other.root, "registries/packages_registry.csv");
    const before = readFileSync(inside, "utf8");
    expect(() => write(inside)).toThrow(refusal);
    writeFileSync(join(other.root, "config/plane.toml"), "= no toml");
    for (const path of ["ledger/x", "modules/x", "own/x"]) {
      writeTree(other.root, { [`${path}.txt`]: "" });
      expect(() => write(join(other.root, path)), path).toThrow(refusal);
    }
    expect(readFileSync(inside, "utf8")).toBe(before);
    expect(write(join(other.root, "report.txt"))).toBe(join(other.root, "report.txt"));
  });
});

test("a file of one's own is made and replaced whole", () => {
  writeFileSync(join(on.root, "trace.html"), "before");
  expect(write("trace.html")).toBe(join(on.root, "trace.html"));
  expect(write("../other.html")).toBe(join(on.root, "../other.html"));
  expect(readFileSync(join(on.root, "trace.html"), "utf8")).toBe("page");
  expect(readdirSync(on.root).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});
