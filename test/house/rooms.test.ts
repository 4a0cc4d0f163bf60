import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ROOMS } from "../../scripts/rooms.mjs";
import { ROOT } from "./tree.ts";

interface Summary {
  readonly modules: number;
  /** `rule: from` */
  readonly violations: readonly string[];
}

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-rooms-"));
  for (const name of [
    ".dependency-cruiser.mjs",
    "scripts/rooms.mjs",
    "tsconfig.json",
    "package.json",
    ".oxlintrc.json",
  ]) {
    cpSync(join(ROOT, name), join(root, name));
  }
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  put("src/kernel/index.ts", `export { digest } from "./digest.ts";`);
  put("src/kernel/digest.ts", `import { createHash } from "node:crypto";\nexport const digest = createHash;`);
  put("src/effects/index.ts", `export type { Disk } from "./ports.ts";`);
  put("src/effects/ports.ts", "export interface Disk { readonly free: number }");
  put("src/effects/node/index.ts", `import { statSync } from "node:fs";\nexport const stat = statSync;`);
  put("src/ledger/index.ts", `import { digest } from "../kernel/index.ts";\nexport const append = digest;`);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), `${text}\n`);
}

function cruise(): Summary {
  let out = "";
  try {
    const argv = [
      join(ROOT, "node_modules/.bin/depcruise"),
      "--config",
      ".dependency-cruiser.mjs",
      "--output-type",
      "json",
      "src",
    ];
    out = execFileSync(process.execPath, argv, {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch (error) {
    out = (error as { stdout: string }).stdout;
  }
  const { summary, modules } = JSON.parse(out) as {
    summary: { violations: { from: string; rule: { name: string } }[] };
    modules: { source: string }[];
  };
  return {
    modules: modules.filter(({ source }) => source.startsWith("src/")).length,
    violations: summary.violations.map(({ from, rule }) => `${rule.name}: ${from}`).sort(),
  };
}

test("the list of rooms is the list of folders in src/", () => {
  const folders = readdirSync(join(ROOT, "src"), { withFileTypes: true });
  const inList = new Set(ROOMS);
  expect(
    folders.filter((entry) => entry.isDirectory() && !inList.has(entry.name)).map(({ name }) => name),
  ).toEqual([]);
  expect(ROOMS.filter((room) => !folders.some(({ name }) => name === room))).toEqual([]);
  expect(folders.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual(["index.ts"]);
});

/** What it is, where, the code, the rule that must see it. */
const PLANTED: readonly (readonly [string, string, string, string])[] = [
  [
    "an import of a higher room",
    "src/kernel/up.ts",
    `import { append } from "../ledger/index.ts";\nexport const x = append;`,
    "room-kernel",
  ],
  [
    "a type from a higher room",
    "src/kernel/type-up.ts",
    `import type { Disk } from "../effects/index.ts";\nexport type X = Disk;`,
    "room-kernel",
  ],
  [
    "a file of another room",
    "src/ledger/deep.ts",
    `import { digest } from "../kernel/digest.ts";\nexport const x = digest;`,
    "through-the-index",
  ],
  [
    "the disk in a room",
    "src/kernel/disk.ts",
    `import { statSync } from "node:fs";\nexport const x = statSync;`,
    "effects-through-ports",
  ],
  [
    "the disk without its prefix",
    "src/kernel/bare-disk.ts",
    `import { statSync } from "fs";\nexport const x = statSync;`,
    "effects-through-ports",
  ],
  [
    "a dynamic import of a process",
    "src/ledger/run.ts",
    `export const x = () => import("node:child_process");`,
    "effects-through-ports",
  ],
  [
    "SQLite in a room",
    "src/ledger/db.ts",
    `import { DatabaseSync } from "node:sqlite";\nexport const x = DatabaseSync;`,
    "effects-through-ports",
  ],
  [
    "the disk in the deflate pool",
    "src/archive/deflate-pool.ts",
    `import { statSync } from "node:fs";\nexport const x = statSync;`,
    "threads-only",
  ],
  [
    "real effects in a room",
    "src/ledger/real.ts",
    `import { stat } from "../effects/node/index.ts";\nexport const x = stat;`,
    "real-effects-only-in-bin",
  ],
  [
    "a schema outside contracts",
    "src/ledger/schema.ts",
    `import { z } from "zod";\nexport const x = z.string();`,
    "schemas-in-contracts",
  ],
  [
    "an import that leads nowhere",
    "src/ledger/lost.ts",
    `import { y } from "./no.ts";\nexport const x = y;`,
    "resolvable",
  ],
  [
    "a file that imports itself",
    "src/ledger/loop.ts",
    `import { x as y } from "./loop.ts";\nexport const x: unknown = () => y;`,
    "no-cycles",
  ],
];

describe("the rooms tool", () => {
  test("passes a clean tree and says how much it saw", () => {
    expect(cruise()).toEqual({ modules: 6, violations: [] });
  });

  // One run for all: the tool takes longer to start than to look.
  test("refuses every planted violation", () => {
    for (const [, path, text] of PLANTED) put(path, text);
    const { violations } = cruise();
    const expected = PLANTED.map(([, path, , rule]) => `${rule}: ${path}`);
    expect(expected.filter((violation) => !violations.includes(violation))).toEqual([]);
  });

  test("lets the deflate pool start threads and bin build real effects", () => {
    put(
      "src/archive/deflate-pool.ts",
      `import { Worker } from "node:worker_threads";\nexport const x = Worker;`,
    );
    put("src/bin/main.ts", `import { stat } from "../effects/node/index.ts";\nexport const x = stat;`);
    expect(cruise()).toEqual({ modules: 8, violations: [] });
  });
});

test("the linter refuses clocks, randomness, the environment and untyped values in a room", () => {
  put(
    "src/ledger/impure.ts",
    `export const x = [Date.now(), Math.random(), process.env, setTimeout, fetch];\nexport const y = (z: any): unknown => z;`,
  );
  let out = "";
  try {
    execFileSync(join(ROOT, "node_modules/.bin/oxlint"), ["--format=json"], { cwd: root, encoding: "utf8" });
  } catch (error) {
    out = (error as { stdout: string }).stdout;
  }
  const { diagnostics } = JSON.parse(out) as { diagnostics: { code: string; filename: string }[] };
  const codes = diagnostics
    .filter(({ filename }) => filename === "src/ledger/impure.ts")
    .map(({ code }) => code);
  expect(codes.filter((code) => code === "eslint(no-restricted-globals)").length).toBe(3);
  expect(codes.filter((code) => code === "eslint(no-restricted-properties)").length).toBe(2);
  expect(codes).toContain("typescript(no-explicit-any)");
});
