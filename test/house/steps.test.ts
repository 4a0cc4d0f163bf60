import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ROOT } from "./tree.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-steps-"));
  cpSync(join(ROOT, "scripts"), join(root, "scripts"), { recursive: true });
  for (const name of [
    ".dependency-cruiser.mjs",
    "tsconfig.json",
    "package.json",
    "package-lock.json",
    "vitest.config.ts",
    "biome.json",
  ]) {
    cpSync(join(ROOT, name), join(root, name));
  }
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  mkdirSync(join(root, "src"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function script(name: string, ...args: string[]): { status: number | null; stdout: string } {
  const PATH = [join(ROOT, "node_modules/.bin"), process.env["PATH"]].join(delimiter);
  // One interpreter is enough here; version managers are looked for in the home directory.
  const env = { ...process.env, PATH, HOME: root, PYENV_ROOT: join(root, "none") };
  const run = spawnSync(process.execPath, [join(root, "scripts", name), ...args], {
    cwd: root,
    env,
    encoding: "utf8",
  });
  return { status: run.status, stdout: run.stdout };
}

const suite = (body: string): string => `import unittest\n\nclass T(unittest.TestCase):\n${body}`;

test("check: a step that looked at nothing fails", () => {
  const { status, stdout } = script("check.mjs", "--only", "rooms");
  expect(stdout).toContain("it looked at nothing, so it proves nothing");
  expect(status).toBe(1);
});

test("check: one line a step with its count, the first useful lines and the next step", () => {
  put("src/kernel/a.ts", `import { x } from "../ledger/index.ts";\nexport const y = x;\n`);
  put("src/ledger/index.ts", "export const x = 1;\n");
  const { status, stdout } = script("check.mjs", "--only", "rooms");
  expect(stdout).toMatch(
    /^rooms +2 modules, 1 problems +\d+\.\d s\n +src\/kernel\/a\.ts -> src\/ledger\/index\.ts {2}room-kernel\n {2}next: .+\n/,
  );
  expect(status).toBe(1);
});

test("check: an unknown step is refused", () => {
  expect(script("check.mjs", "--only", "rooms,nonsense").status).toBe(2);
});

test("test: every part counts, nothing can be missing unseen, and the closing line stands alone", () => {
  put("src/bin/main.ts", "export const main = 1;\n");
  put("tsconfig.build.json", readFileSync(join(ROOT, "tsconfig.build.json"), "utf8"));
  put(
    "test/a.test.ts",
    `import { expect, test } from "vitest";\ntest("holds", () => expect(1).toBe(1));\ntest("fails", () => expect(1).toBe(2));\n`,
  );
  put("test/b.test.ts", `import "./gone.ts";\n`);
  put("modules/good/tests/__init__.py", "");
  put(
    "modules/good/tests/test_it.py",
    suite(
      `    def test_a(self):\n        pass\n\n    def test_b(self):\n        self.fail("planted")\n\n    @unittest.skip("x")\n    def test_c(self):\n        pass\n`,
    ),
  );
  put("modules/empty/tests/__init__.py", "");
  put("modules/broken/tests/__init__.py", "");
  put("modules/broken/tests/test_it.py", "import nothing_like_this\n");
  spawnSync("git", ["init", "--quiet", root]);
  put(
    "modules/good/tests/test_litter.py",
    suite(`    def test_litter(self):\n        open("litter.txt", "w").close()\n`),
  );
  const { status, stdout } = script("test.mjs");
  const interpreters = stdout.match(/^python {2}\d.*$/m)?.[0].split(",").length ?? 0;
  expect(interpreters).toBeGreaterThan(0);
  expect(stdout).toMatch(/^vitest {2}2 files, 1 passed, 2 failed/m);
  expect(stdout).toMatch(/good {2}2 passed, 1 failed, 1 skipped/);
  expect(stdout).toMatch(/empty {2}0 passed, 1 failed/);
  expect(stdout).toMatch(/broken {2}0 passed, 1 failed/);
  expect(stdout).toContain("CHECKOUT_CHANGED");
  expect(stdout).toContain("now:    ?? litter.txt");
  expect(stdout.trimEnd().split("\n").at(-1)).toBe(
    `${1 + 2 * interpreters} passed, ${2 + 3 * interpreters + 1} failed`,
  );
  expect(status).toBe(1);
});
