/** Every kind of bad input: a coded fault, a next step, no stack trace, and the tree as it was except for the ledger. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FaultJson } from "../../src/kernel/index.ts";
import { makePlane, type PlaneUnderTest, runProgram } from "../support/cli.ts";
import { picture } from "../support/tree.ts";

const EVIDENCE = "PKG-T0-EVIDENCE-001";
const tree = ({ root }: PlaneUnderTest): Record<string, string> =>
  picture(root, (path) => /^(ledger|planes\/ho[12]\/ledger)$/.test(path) || path.startsWith(".holdfast"));

/** A refused command in text and in JSON, with the tree compared. */
function refused(
  plane: PlaneUnderTest,
  code: string,
  exit: number,
  program: string,
  ...args: string[]
): FaultJson {
  const before = tree(plane);
  const text = plane.run(program, args);
  const json = plane.run(program, [...args, "--json"]);
  expect(json.status, `${args.join(" ")}: ${json.stdout}${json.stderr}`).toBe(exit);
  expect(text.status).toBe(exit);
  expect(text.stderr).toContain(`[${code}]`);
  expect(text.stderr).toMatch(/next: {2}\S/);
  expect(text.stderr + json.stderr).not.toMatch(/\n\s+at /);
  const fault = json.json().error;
  expect(fault.code).toBe(code);
  expect(fault.next_step.length).toBeGreaterThan(10);
  expect(`${text.stdout}${text.stderr}${json.stdout}`).not.toContain(plane.token);
  expect(tree(plane)).toEqual(before);
  return fault;
}

describe("bad input", () => {
  let plane: PlaneUnderTest;
  let cleanup: () => void;
  beforeAll(() => {
    const folder = execFileSync("mktemp", ["-d"], { encoding: "utf8" }).trim();
    cleanup = () => rmSync(folder, { recursive: true, force: true });
    plane = makePlane({ with_sources: true, folder });
    if (plane.pkg("pack", "--src", "modules/stdlib_evidence").status !== 0)
      throw new Error("the package does not pack");
  });
  afterAll(() => cleanup());

  test("missing files and unknown ids", () => {
    refused(plane, "SOURCE_NOT_FOUND", 2, "pkg", "pack", "--src", "modules/none");
    refused(
      plane,
      "SOURCE_NOT_DIRECTORY",
      2,
      "pkg",
      "pack",
      "--src",
      "modules/stdlib_evidence/pyproject.toml",
    );
    refused(plane, "ARCHIVE_NOT_FOUND", 2, "pkg", "install", "--archive", "none.tar.gz", "--id", EVIDENCE);
    refused(plane, "NOT_IN_STORE", 2, "pkg", "install", "PKG-NOPE-001");
    refused(plane, "NOT_INSTALLED", 1, "pkg", "uninstall", "--id", "PKG-NOPE-001");
    refused(plane, "ID_UNKNOWN", 1, "pkg", "info", "PKG-NOPE-001");
    refused(plane, "ID_UNKNOWN", 1, "pkg", "history", "PKG-NEVER-001");
    refused(plane, "ID_UNKNOWN", 1, "pkg", "history", "__proto__");
    refused(
      plane,
      "ID_MISMATCH",
      2,
      "pkg",
      "install",
      "--archive",
      `packages_store/${EVIDENCE}.tar.gz`,
      "--id",
      "PKG-T0-EVIDENCE-002",
    );
  });

  test("ids that try to leave their folder", () => {
    for (const id of ["../modules/brain", ".", "PKG-../X", "PKG-A/../../B"]) {
      expect(plane.pkg("uninstall", "--id", id, "--json").status, id).toBeGreaterThan(0);
      expect(plane.pkg("install", "--id", id, "--json").status, id).toBeGreaterThan(0);
      expect(plane.pkg("register", id, "--status", "active", "--json").status, id).toBeGreaterThan(0);
    }
  });

  test("usage: unknown command, flag, value and a missing one", () => {
    refused(plane, "COMMAND_UNKNOWN", 2, "pkg", "instal", "X");
    expect(refused(plane, "USAGE", 2, "pkg", "pack", "--scr", "x").message).toContain("--src");
    refused(plane, "INPUT_INVALID", 2, "pkg", "pack");
    refused(plane, "INPUT_INVALID", 2, "pkg", "auth", "issue", "--user", "x", "--role", "king");
    refused(plane, "USAGE", 2, "pkg", "auth", "issue", "--user", "x", "--role", "reader", "--days", "many");
    refused(plane, "INPUT_MISSING", 2, "pkg", "install");
    refused(plane, "INPUT_MISSING", 2, "trace");
    expect(refused(plane, "INPUT_INVALID", 2, "trace", "").message).toBe("trace: EXPLAIN is empty");
    refused(plane, "EVENT_RESERVED", 3, "pkg", "ledger", "append", "--event", "spec_reviewed");
    refused(plane, "PATH_NOT_USABLE", 2, "pkg", "auth", "whoami", "--token-fd", "99");
  });

  test("tokens: none, malformed, non-ASCII, foreign, expired role", () => {
    const none = { ...plane.env };
    delete none["HOLDFAST_TOKEN"];
    const without = plane.run("pkg", ["install", EVIDENCE, "--json"], { env: none });
    expect(without.status).toBe(3);
    expect(without.json().error.code).toBe("AUTH_TOKEN_MISSING");
    refused(plane, "AUTH_TOKEN_MALFORMED", 3, "pkg", "install", EVIDENCE, "--token", "nonsense");
    refused(plane, "AUTH_TOKEN_MALFORMED", 3, "pkg", "install", EVIDENCE, "--token", "ädmin:ü");
    refused(plane, "AUTH_TOKEN_INVALID", 3, "pkg", "install", EVIDENCE, "--token", `admin:${"0".repeat(64)}`);
    const reader = plane.pkg("auth", "issue", "--user", "ann", "--role", "reader", "--json").json()
      .token as string;
    refused(plane, "AUTH_ROLE", 3, "pkg", "install", EVIDENCE, "--token", reader);
    const narrowed = plane
      .pkg("auth", "issue", "--user", "ci", "--role", "maintainer", "--package", "PKG-OTHER", "--json")
      .json().token as string;
    refused(plane, "AUTH_NARROWED", 3, "pkg", "install", EVIDENCE, "--token", narrowed);
    const who = plane.pkg("auth", "whoami", "--json", "--token", narrowed).json();
    expect(who).toMatchObject({ user: "ci", narrowing: { packages: ["PKG-OTHER"] } });
    const { token_id, token } = plane
      .pkg("auth", "issue", "--user", "bob", "--role", "maintainer", "--json")
      .json() as { token_id: string; token: string };
    expect(plane.pkg("auth", "revoke", token_id).status).toBe(0);
    refused(plane, "AUTH_TOKEN_REVOKED", 3, "pkg", "install", EVIDENCE, "--token", token);
    const ledger = readFileSync(join(plane.root, "ledger/governance.jsonl"), "utf8");
    for (const code of [
      "AUTH_TOKEN_MISSING",
      "AUTH_TOKEN_MALFORMED",
      "AUTH_TOKEN_INVALID",
      "AUTH_ROLE",
      "AUTH_NARROWED",
      "AUTH_TOKEN_REVOKED",
    ]) {
      expect(ledger, code).toContain(code);
    }
    for (const secret of [plane.token, reader, narrowed, token]) expect(ledger).not.toContain(secret);
  });

  test("a token of another plane is foreign", () => {
    const other = makePlane();
    refused(plane, "AUTH_TOKEN_INVALID", 3, "pkg", "install", EVIDENCE, "--token", other.token);
  });

  test("bad CSV names line and column; bad TOML too; a newer plane format is refused", () => {
    const registry = join(plane.root, "registries/packages_registry.csv");
    const config = join(plane.root, "config/plane.toml");
    const [csv, toml] = [readFileSync(registry), readFileSync(config, "utf8")];
    writeFileSync(registry, `${csv.toString("utf8")}PKG-X,"unterminated\r\n`);
    const validated = plane.pkg("registry", "validate", "--json");
    expect(validated.status).toBe(1);
    expect(validated.json().findings[0]).toMatchObject({ path: "registries/packages_registry.csv", line: 3 });
    expect(plane.pkg("install", EVIDENCE, "--json").status).toBe(4);
    writeFileSync(registry, csv);
    writeFileSync(config, `${toml}\n[broken\n`);
    const broken = plane.pkg("list", "--json");
    expect(broken.status).toBe(4);
    expect(broken.json().error).toMatchObject({
      code: "PLANE_CONFIG_INVALID",
      details: { line: expect.any(Number) },
    });
    writeFileSync(config, toml.replace("format_version = 1", "format_version = 99"));
    expect(refused(plane, "PLANE_FORMAT_NEWER", 5, "pkg", "list").details).toMatchObject({
      found: 99,
      supported: 1,
    });
    writeFileSync(config, toml);
  });

  test("not a plane", () => {
    const empty = join(plane.home, "empty");
    mkdirSync(empty, { recursive: true });
    const done = runProgram("pkg", ["list", "--json"], { cwd: empty, env: plane.env });
    expect(done.status).toBe(2);
    expect(done.json().error.code).toBe("PLANE_NOT_FOUND");
    const missing = runProgram("integrity-check", ["--json", "--root", "/nonexistent"], {
      cwd: empty,
      env: plane.env,
    });
    expect(missing.status).toBe(2);
    expect(missing.json()).toMatchObject({ healthy: false, error: { code: "PLANE_NOT_FOUND" } });
    expect(plane.run("trace", ["--explain", "PKG-NOPE-001"]).status).toBe(1);
  });

  test("no python3 where a package asks for one", () => {
    const bare = join(plane.home, "bare-bin");
    mkdirSync(bare, { recursive: true });
    rmSync(join(bare, "node"), { force: true });
    symlinkSync(process.execPath, join(bare, "node"));
    const done = plane.run("pkg", ["install", EVIDENCE, "--dry-run", "--json"], {
      env: { ...plane.env, PATH: bare, HOLDFAST_PYTHON: "/nonexistent" },
    });
    // Interpreters in their usual places are found without PATH; where there is none the fault says so.
    if (done.status !== 0) expect(done.json().error.code).toBe("PYTHON_NOT_FOUND");
  });

  test.runIf(process.getuid?.() === 0)("a read-only plane and a full disk, on a small tmpfs", () => {
    const mount = join(plane.home, "small");
    mkdirSync(mount, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", mount]);
    try {
      const small = makePlane({ folder: mount });
      const big = join(small.root, "modules/big");
      mkdirSync(big, { recursive: true });
      writeFileSync(
        join(big, "data.bin"),
        execFileSync("head", ["-c", "1400000", "/dev/urandom"], { maxBuffer: 4 << 20 }),
      );
      const before = tree(small);
      const full = small.pkg("pack", "--src", "modules/big", "--id", "PKG-T2-BIG-001", "--json");
      expect(full.status, full.stdout + full.stderr).toBe(6);
      expect(full.json().error).toMatchObject({ code: "TRANSACTION_FAILED" });
      expect(tree(small)).toEqual(before);
      rmSync(join(big, "data.bin"));
      writeFileSync(join(big, "data.bin"), "small now");
      expect(small.pkg("pack", "--src", "modules/big", "--id", "PKG-T2-BIG-001").status).toBe(0);
      execFileSync("mount", ["-o", "remount,ro", mount]);
      const read_only = small.pkg("install", "PKG-T2-BIG-001", "--json");
      expect([3, 5]).toContain(read_only.status);
      expect(read_only.json().error.next_step).toBeTruthy();
      expect(small.pkg("list").status).toBe(0);
    } finally {
      execFileSync("umount", [mount]);
    }
  });

  test("a command that cannot write a plane waiting for recovery says so", () => {
    const waiting = makePlane();
    const transaction = join(waiting.root, ".holdfast/state/transactions/TX-20260101T000000-00");
    mkdirSync(transaction);
    writeFileSync(
      join(transaction, "journal.jsonl"),
      `${JSON.stringify({ state: "begun", transaction_id: "TX-1", operation: "install", subject: "PKG-X", user: "ann", at_ms: 0 })}\n`,
    );
    const done = waiting.pkg("doctor", "--json");
    expect(done.status).toBe(0);
    expect(done.json().recovered).toEqual([
      { transaction_id: "TX-1", operation: "install", subject: "PKG-X", phase: "begun", outcome: "undone" },
    ]);
    chmodSync(waiting.root, 0o755);
  });
});
