/**
 * The gate and what it asks for, with nothing made up: each command it names is run as it stands, in a shell, and what
 * blocks is a version that really does otherwise, or really fails on a host it claims.
 */
import { createHash } from "node:crypto";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { GoldenMatrix, GoldenReport } from "../../src/contracts/index.ts";
import { makePlane, type PlaneUnderTest, type Ran, REPOSITORY } from "../support/cli.ts";
import { checked, ok, planesLike, put } from "./scenes.ts";

const NOTES = "PKG-T3-NOTES-001";
const SOURCE = "modules/golden_notes";
/** Asks the workbench for its notes, and has none of its own where there is no workbench. */
const MAIN = `"""Names notes: those of the workbench, or the two it comes with."""
import json, os, socket, sys

request = json.load(sys.stdin)
if request.get("host", {}).get("name") == "workbench":
    with socket.socket(fileno=int(os.environ["HOLDFAST_BROKER_FD"])) as host:
        host.sendall((json.dumps({"id": 1, "tool": "notes.list", "input": {}}) + "\\n").encode())
        reply = json.loads(host.makefile().readline())
else:
    reply = {"result": {"names": ["first", "second"]}}
if "error" in reply:
    print(json.dumps({"status": "error", "error": reply["error"]}))
else:
    print(json.dumps({"status": "ok", "result": {"names": reply["result"]["names"]}}))
`;
const manifest = (version: string, api = ">=1.0.0 <3.0.0"): string => `id = "${NOTES}"
version = "${version}"
tier = "T3"
target = "${SOURCE}"
[compat]
host = ">=0.1.0 <4.0.0"
api = "${api}"
[plugin]
namespace = "golden.notes"
kind = "integration"
capability = ["actions"]
runtime = "python"
entrypoint = "main.py"
[[plugin.actions]]
id = "list"
title = "List"
input = { type = "object", additionalProperties = false }
output = { type = "object", required = ["names"], properties = { names = { type = "array", items = { type = "string" } } }, additionalProperties = false }
examples = [{ input = {}, output = { names = ["first", "second"] } }]
`;
/** Python is named, so that a cell is one run. */
const PYTHON = "3.11";
const rules = (...cells: readonly string[]): string =>
  [
    'schema_version = "1.0"',
    ...cells.map((cell) => {
      const [host, api] = cell.split(" api ");
      return `[[cells]]\nhost = "${host}"\napi = "${api}"\npython = "${PYTHON}"`;
    }),
    "",
  ].join("\n");

/** A plane that holds version 1.0.0, and asks for two cells of the workbench. */
const plane = planesLike((folder) => {
  const made = makePlane({ folder });
  put(made, `${SOURCE}/main.py`, MAIN);
  put(made, `${SOURCE}/holdfast.toml`, manifest("1.0.0"));
  ok(made, "pkg", "pack", "--src", SOURCE);
  put(made, "config/golden.toml", rules("workbench@2.0.0 api 2.0.0", "workbench@3.0.0 api 2.0.0"));
  return made;
});

/** A shell in the plane, with our programs on its PATH, for lines as the gate prints them. */
function shell(on: PlaneUnderTest, line: string): Ran {
  for (const program of ["golden", "pkg"])
    put(
      on,
      `../home/bin/${program}`,
      `#!/bin/sh\nexec '${process.execPath}' '${REPOSITORY}bin/${program}.cjs' "$@"\n`,
      0o755,
    );
  const env = { ...on.env, PATH: `${join(on.home, "bin")}:${on.env["PATH"] ?? ""}` };
  return on.run("sh", ["-c", line], { env });
}

interface Asked {
  readonly status: number | null;
  readonly codes: readonly string[];
  /** What to run, as each finding says. */
  readonly commands: readonly string[];
  readonly text: string;
}

function gate(on: PlaneUnderTest, version: string): Asked {
  const done = on.run("golden", ["gate", `${NOTES}@${version}`, "--json"]);
  const { findings } = done.json() as { findings: { code: string; message: string; next_step: string }[] };
  return {
    status: done.status,
    codes: findings.map(({ code }) => code),
    commands: findings.map(({ next_step }) => /^Run "(.+)"\.$/.exec(next_step)?.[1] ?? ""),
    text: findings.map(({ message }) => message).join("\n"),
  };
}

/** Does what the gate says until it says nothing any more, or the same again. */
function fill(on: PlaneUnderTest, version: string): Asked {
  const before = gate(on, version);
  for (const command of before.commands) {
    const { status, stdout, stderr } = shell(on, command);
    expect(stdout, `${command}\n${stderr}`).toContain(`Recorded ${NOTES} ${version}`);
    expect([0, 1], command).toContain(status);
  }
  return gate(on, version);
}

const release = (on: PlaneUnderTest, ...more: string[]): Ran =>
  on.pkg("pack", "--src", SOURCE, "--release", ...more);

/** The next version lies in the store, not yet released. */
function next(
  on: PlaneUnderTest,
  version: string,
  { main = MAIN, api }: { main?: string; api?: string },
): void {
  put(on, `${SOURCE}/main.py`, main);
  put(on, `${SOURCE}/holdfast.toml`, manifest(version, api));
  ok(on, "pkg", "pack", "--src", SOURCE);
}

const read = (on: PlaneUnderTest, path: string): string => readFileSync(join(on.root, path), "utf8");
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

test("what the gate asks for is run as it says; then the release passes and the install goes through", {
  timeout: 300_000,
}, () => {
  const on = plane();
  const before = gate(on, "1.0.0");
  expect(before.status).toBe(3);
  expect(before.codes).toEqual(["GATE_MISSING", "GATE_CELL_MISSING", "GATE_CELL_MISSING"]);
  expect(before.commands).toEqual([
    `golden run ${NOTES}@1.0.0 --record`,
    `golden matrix ${NOTES}@1.0.0 --hosts workbench@2.0.0 --apis 2.0.0 --pythons ${PYTHON} --record`,
    `golden matrix ${NOTES}@1.0.0 --hosts workbench@3.0.0 --apis 2.0.0 --pythons ${PYTHON} --record`,
  ]);
  expect(release(on).stderr).toContain("GATE_UNMET");

  const after = fill(on, "1.0.0");
  expect(after.codes, after.text).toEqual([]);
  expect(after.status).toBe(0);
  ok(on, "pkg", "pack", "--src", SOURCE, "--release");
  ok(on, "pkg", "install", NOTES);
  expect(checked(on).errors).toEqual([]);
  expect(on.run("golden", ["can-i-install", `${NOTES}@1.0.0`, "--host", "workbench@2.0.0"]).status).toBe(0);

  // One harness judged all of it; what a matrix ran beside it is a digest of its own, and evidence says which.
  const lines = read(on, `packages_store/${NOTES}-1.0.0.tar.gz.golden.jsonl`)
    .trim()
    .split("\n")
    .map((line) => JSON.parse(Buffer.from(JSON.parse(line).payload, "base64").toString("utf8")));
  const facts = lines.map(({ predicate }) => predicate.holdfast_golden);
  expect(new Set(facts.map(({ harness }) => harness.digest)).size).toBe(1);
  expect(facts.map(({ programs_digest }) => typeof programs_digest)).toEqual([
    "undefined",
    "string",
    "string",
  ]);
  expect(new Set(facts.map(({ programs_digest }) => programs_digest)).size).toBe(3);
  const archive = sha256(readFileSync(join(on.root, `packages_store/${NOTES}-1.0.0.tar.gz`)));
  for (const { subject, predicate } of lines) {
    expect(subject[0].digest.sha256).toBe(archive);
    expect(predicate.result).toBe("PASSED");
  }
});

test("a version that answers otherwise fails its golden run, and is blocked until its answer is right", {
  timeout: 300_000,
}, () => {
  const on = plane();
  put(on, "config/golden.toml", rules());
  const main = MAIN.replace('["first", "second"]', '["second", "first"]');
  next(on, "1.0.1", { main });
  const blocked = fill(on, "1.0.1");
  expect(blocked.status).toBe(3);
  expect(blocked.codes).toEqual(["GATE_FAILED"]);
  const report = shell(on, `golden run ${NOTES}@1.0.1 --json`).json() as GoldenReport;
  const [wrong] = report.scenarios[0]?.steps.filter(({ verdict }) => verdict === "fail") ?? [];
  expect(wrong).toMatchObject({
    id: "execute-1",
    problems: [
      { code: "OUTPUT", subject: "/names/0", expected: '"first"', actual: '"second"' },
      { code: "OUTPUT", subject: "/names/1" },
    ],
  });
  const refused = release(on);
  expect(refused.status).toBe(3);
  expect(refused.stderr).toContain("GATE_UNMET");

  // The right answer is other bytes, and those have to be tried.
  next(on, "1.0.2", {});
  expect(gate(on, "1.0.2").codes).toEqual(["GATE_MISSING"]);
  expect(fill(on, "1.0.2").codes).toEqual([]);
  expect(release(on).status).toBe(0);
});

test("a claim that a real host does not keep fails its cell, and blocks although the life on the product passed", {
  timeout: 300_000,
}, () => {
  const on = plane();
  // API 3 no longer lists notes; version 1.1.0 says it can be had there.
  put(on, "config/golden.toml", rules("workbench@3.0.0 api 2.0.0", "workbench@3.0.0 api 3.0.0"));
  next(on, "1.1.0", { api: ">=1.0.0 <4.0.0" });
  const blocked = fill(on, "1.1.0");
  expect(blocked.status).toBe(3);
  expect(blocked.codes, blocked.text).toEqual(["GATE_FAILED"]);
  expect(blocked.text).toContain("workbench@3.0.0 api@3.0.0");
  const [command = ""] = blocked.commands;
  expect(command).toContain("--hosts workbench@3.0.0 --apis 3.0.0");
  const matrix = shell(on, command.replace("--record", "--json")).json() as GoldenMatrix;
  expect(matrix.findings).toMatchObject([
    { code: "FAILED_INSIDE_RANGE", message: expect.stringContaining("there is no notes.list here") },
    { code: "NOTHING_RAN" },
  ]);
  expect(release(on).stderr).toContain("GATE_UNMET");
  expect(
    on.run("golden", ["can-i-install", `${NOTES}@1.1.0`, "--host", "workbench@3.0.0", "--api", "3"]).status,
  ).toBe(1);

  // It claims less, and calls what it claims: the cell is refused as declared, which is a right answer too.
  next(on, "1.1.1", {});
  expect(fill(on, "1.1.1").codes).toEqual([]);
  expect(release(on).status).toBe(0);
});

test("evidence of other host programs than are asked for fills no cell", { timeout: 300_000 }, () => {
  const on = plane();
  put(on, "config/golden.toml", rules("workbench@2.0.0 api 2.0.0"));
  const record = (...words: string[]): Ran =>
    shell(
      on,
      ["golden matrix", `${NOTES}@1.0.0`, "--pythons", PYTHON, ...words, "--json | golden record -"].join(
        " ",
      ),
    );
  const WANTED = ["--hosts", "workbench@2.0.0", "--apis", "2.0.0"];
  const recorded = `Recorded ${NOTES} 1.0.0: PASSED`;
  ok(on, "golden", "run", `${NOTES}@1.0.0`, "--record");
  const newer = record("--hosts", "workbench@3.0.0", "--apis", "2.0.0");
  expect(newer.stdout, newer.stderr).toContain(recorded);
  const older = record("--hosts", "workbench@2.0.0", "--apis", "1.0.0");
  expect(older.stdout, older.stderr).toContain(recorded);
  expect(gate(on, "1.0.0").codes).toEqual(["GATE_CELL_MISSING"]);
  expect(record(...WANTED).stdout).toContain(recorded);
  expect(gate(on, "1.0.0").codes).toEqual([]);

  // A program of the checkout takes the name of one that comes with the product.
  cpSync(join(REPOSITORY, "golden/hosts/workbench-2"), join(on.root, "golden/hosts/mine"), {
    recursive: true,
  });
  cpSync(join(REPOSITORY, "golden/hosts/contract.mjs"), join(on.root, "golden/hosts/contract.mjs"));
  expect(gate(on, "1.0.0").codes, "the same bytes are the same program").toEqual([]);
  const untrusted = record(...WANTED);
  expect(untrusted.stderr, "in the pipe, too, it says why").toContain("HOST_UNTRUSTED");
  expect(untrusted.stderr).toContain("--trust-hosts");
  expect(record(...WANTED, "--trust-hosts").stdout).toContain(recorded);
  expect(gate(on, "1.0.0").codes).toEqual([]);
  put(on, "golden/hosts/contract.mjs", `${read(on, "golden/hosts/contract.mjs")}// changed\n`);
  const blocked = gate(on, "1.0.0");
  expect(blocked.codes).toEqual(["GATE_HARNESS"]);
  expect(blocked.text).toContain("another program workbench@2.0.0 than lies here");
  put(on, "config/golden.toml", rules("workbench@2.0.0 api 2.0.0").replace("[[", 'harness = "version"\n[['));
  expect(gate(on, "1.0.0").codes).toEqual([]);
});
