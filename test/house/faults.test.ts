import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { ROOT, repositoryFiles, type SourceFile } from "./tree.ts";

const files = repositoryFiles();
const catalogues = files.filter(({ path }) => /^src\/[^/]+\/faults\.ts$/.test(path));
const sources = files.filter(
  ({ path }) => /^src\/.*\.ts$/.test(path) && !path.startsWith("src/cli/generated/"),
);
const tests = files.filter(
  ({ path }) => /^(test|modules)\//.test(path) && !path.startsWith("test/house/faults"),
);

interface Declared {
  readonly code: string;
  readonly path: string;
}
let declared: Declared[] = [];

/** Reads what `defineFaults` made, so that a catalogue written in another layout is still seen. */
async function declaredIn({ path }: SourceFile): Promise<Declared[]> {
  const exported: Record<string, unknown> = await import(pathToFileURL(join(ROOT, path)).href);
  return Object.values(exported)
    .filter((value): value is Record<string, object> => typeof value === "object" && value !== null)
    .flatMap((catalogue) => Object.entries(catalogue))
    .filter(([, kind]) => typeof kind === "object" && "exit_code" in kind && "next_step" in kind)
    .map(([code]) => ({ code, path }));
}

const mentions = (among: readonly SourceFile[], pattern: RegExp): boolean =>
  among.some(({ text }) => pattern.test(text));
const unraised = (codes: readonly string[], among: readonly SourceFile[]): string[] =>
  codes.filter((code) => !mentions(among, new RegExp(`["'\`]${code}["'\`]`)));
const untested = (codes: readonly string[], among: readonly SourceFile[]): string[] =>
  codes.filter((code) => !mentions(among, new RegExp(`\\b${code}\\b`)));
const repeated = (codes: readonly string[]): string[] =>
  codes.filter((code, index) => codes.indexOf(code) !== index);

beforeAll(async () => {
  declared = (await Promise.all(catalogues.map(declaredIn))).flat();
});

test("the rules see a fault nobody raises, nobody tests, or that is declared twice", () => {
  const file = { path: "src/a.ts", text: 'raise("A_B", "x")' };
  expect(unraised(["A_B", "C_D"], [file])).toEqual(["C_D"]);
  expect(untested(["A_B", "A"], [file])).toEqual(["A"]);
  expect(repeated(["A", "B", "A"])).toEqual(["A"]);
});

test("every room's catalogue is found", () => {
  expect(catalogues.length).toBeGreaterThan(3);
  expect(
    catalogues.filter(({ path }) => !declared.some((one) => one.path === path)).map(({ path }) => path),
  ).toEqual([]);
});

test("no code is declared by two rooms", () => {
  expect(repeated(declared.map(({ code }) => code))).toEqual([]);
});

test("every code is written in capitals, those of runs in lower case, and raised somewhere", () => {
  const codes = declared.map(({ code }) => code);
  // What hosts answer about actions was called so before this program was written.
  const is_of_runs = /^(plugin_[a-z]+(_[a-z]+)*|invalid_actor_kind)$/;
  const others = codes.filter((code) => !is_of_runs.test(code));
  expect(others.filter((code) => !/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(code))).toEqual([]);
  const misplaced = declared.filter(
    ({ code, path }) => is_of_runs.test(code) && !path.startsWith("src/runtime/"),
  );
  expect(misplaced).toEqual([]);
  expect(unraised(codes, sources)).toEqual([]);
});

test("every code is named by a test", () => {
  expect(
    untested(
      declared.map(({ code }) => code),
      tests,
    ),
  ).toEqual([]);
});
