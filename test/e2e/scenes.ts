/** Planes in the states the end-to-end tests begin from, and the commands that must succeed on the way there. */
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect } from "vitest";
import type { Finding, IntegrityReport } from "../../src/contracts/index.ts";
import { makePlane, type PlaneUnderTest, type Ran, runProgram } from "../support/cli.ts";
import { picture, temporaryFolder } from "../support/tree.ts";

export const EVIDENCE = "PKG-T0-EVIDENCE-001";

/** Runs a program that must exit 0. */
export function ok(plane: PlaneUnderTest, program: string, ...args: string[]): Ran {
  const done = plane.run(program, args);
  expect(done.status, `${program} ${args.join(" ")}\n${done.stdout}${done.stderr}`).toBe(0);
  return done;
}

/**
 * Prepares a plane with the first call and gives each call a copy of it with keys of its own: as good as new, and much
 * faster. Call it at the top of a test file.
 */
export function planesLike(prepare: (folder: string) => PlaneUnderTest): () => PlaneUnderTest {
  let first: { folder: string; plane: PlaneUnderTest } | undefined;
  afterAll(() => {
    if (first !== undefined) rmSync(first.folder, { recursive: true, force: true });
  });
  return () => {
    if (first === undefined) {
      const folder = mkdtempSync(join(tmpdir(), "holdfast-test-"));
      first = { folder, plane: prepare(folder) };
    }
    const folder = temporaryFolder();
    cpSync(first.folder, folder, { recursive: true });
    return atFolder(first.plane, folder);
  };
}

function atFolder(plane: PlaneUnderTest, folder: string): PlaneUnderTest {
  const [root, home] = [join(folder, "plane"), join(folder, "home")];
  const env = { ...plane.env, HOME: home, HOLDFAST_HOME: join(home, ".holdfast") };
  const run: PlaneUnderTest["run"] = (program, args, given = {}) =>
    runProgram(program, args, { cwd: root, env, ...given });
  return { ...plane, root, home, env, run, pkg: (...args) => run("pkg", args) };
}

/** A plane with our modules in it and the evidence package installed. */
export function evidencePlane(folder: string): PlaneUnderTest {
  const plane = makePlane({ with_sources: true, folder });
  ok(plane, "pkg", "pack", "--src", "modules/stdlib_evidence");
  ok(plane, "pkg", "install", EVIDENCE);
  return plane;
}

/** Writes one file below a plane, folders included. */
export function put(plane: PlaneUnderTest, path: string, bytes: string | Buffer, mode = 0o644): void {
  mkdirSync(dirname(join(plane.root, path)), { recursive: true });
  writeFileSync(join(plane.root, path), bytes, { mode });
}

export interface Checked {
  readonly status: number | null;
  readonly report: IntegrityReport;
  /** Codes of findings of severity `error`, each once. */
  readonly errors: readonly string[];
  readonly find: (code: string) => Finding | undefined;
}

/** `integrity-check --json` and what it found. */
export function checked(plane: PlaneUnderTest, ...args: string[]): Checked {
  const done = plane.run("integrity-check", ["--json", ...args]);
  const report = done.json() as IntegrityReport;
  const errors = report.findings.filter(({ severity }) => severity === "error").map(({ code }) => code);
  return {
    status: done.status,
    report,
    errors: [...new Set(errors)],
    find: (code) => report.findings.find((finding) => finding.code === code),
  };
}

/** Everything but ledgers, locks and recovery's own folder; contents as digests, so that a difference reads well. */
export function steadyTree(plane: PlaneUnderTest): Record<string, string> {
  return digests(picture(plane.root, (path) => /^(\.holdfast|ledger|planes\/ho[12]\/ledger)$/.test(path)));
}

/** A picture with each content replaced by the beginning of its sha256. */
export function digests(seen: Record<string, string>): Record<string, string> {
  const shorten = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 12);
  return Object.fromEntries(
    Object.entries(seen).map(([path, text]) => {
      const [mode = "", content] = text.split(" ");
      return [path, content === undefined || mode === "->" ? text : `${mode} ${shorten(content)}`];
    }),
  );
}
