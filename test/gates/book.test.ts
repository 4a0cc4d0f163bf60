/** What lies beside an archive and what the ledger says of it, on a real plane through the library. */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { GoldenReport } from "../../src/contracts/index.ts";
import { openBook } from "../../src/gates/book.ts";
import { canInstall, judgeGate, readReport, recordEvidence, storedVersion } from "../../src/gates/index.ts";
import { testsOf } from "../../src/gates/report-tests.ts";
import { loadSigningKey } from "../../src/keys/index.ts";
import { keepEvidence, pack } from "../../src/lifecycle/index.ts";
import {
  placesOf,
  revokeKey,
  STATEMENT_PAYLOAD_TYPE,
  signedEnvelope,
  trustedKeys,
} from "../../src/provenance/index.ts";
import { type LibraryPlane, libraryPlane } from "../support/library-plane.ts";
import { writeTree } from "../support/tree.ts";

const ID = "PKG-T1-DEMO-001";
const harness = { version: "0.1.0", digest: "b".repeat(64) };
const host_digests = { "workbench@1.0.0": "8".repeat(64), "workbench@2.0.0": "9".repeat(64) };
const here = { ...harness, hosts: new Map(Object.entries(host_digests)) };
const EVIDENCE = `packages_store/${ID}-1.0.0.tar.gz.golden.jsonl`;

async function demo(): Promise<LibraryPlane & { readonly digest: string }> {
  const base = await libraryPlane();
  writeTree(base.root, {
    "modules/demo/__init__.py": "A = 1\n",
    "modules/demo/holdfast.toml": `id = "${ID}"\nversion = "1.0.0"\n`,
  });
  const { digest } = await pack(base.effects, base.plane, {
    src: `${base.root}/modules/demo`,
    token: base.token,
    dry_run: false,
    replace: false,
  });
  return { ...base, digest };
}

type Step = GoldenReport["scenarios"][number]["steps"][number];

const step = (verdict: Step["verdict"], more: Partial<Step> = {}): Step => ({
  id: "install-1",
  do: "install",
  verdict,
  duration_ms: 1,
  exit_code: 0,
  fault: null,
  injected: null,
  counts: { checks: 4 },
  problems: [],
  trace: null,
  ...more,
});

const reportOf = (digest: string): GoldenReport => ({
  schema_version: "1.0",
  harness,
  environment: { os: "linux", arch: "x64", node: "24", python: null, host: "0.1.0", api: "1.0.0" },
  began_at: new Date().toISOString(),
  duration_ms: 1,
  shard: null,
  totals: { scenarios: 1, steps: 1, passed: 1, failed: 0, checks: 1 },
  scenarios: [
    {
      name: "demo",
      title: "demo",
      canonical: true,
      required: true,
      scenario_digest: "c".repeat(64),
      verdict: "pass",
      duration_ms: 1,
      packages: [
        { package_id: ID, version: "1.0.0", digest },
        { package_id: ID, version: "1.0.1", digest: "e".repeat(64) },
      ],
      steps: [step("pass")],
    },
  ],
});

/** One scenario of the report with other members. */
function reportWith(digest: string, more: Partial<GoldenReport["scenarios"][number]>): GoldenReport {
  const report = reportOf(digest);
  return { ...report, scenarios: report.scenarios.map((one) => ({ ...one, ...more })) };
}

const gateCodes = async ({ effects, plane }: LibraryPlane): Promise<string[]> => {
  const subject = storedVersion(effects, plane, ID);
  return (await judgeGate(effects, plane, subject, here)).findings.map(({ code }) => code);
};

test("evidence is recorded for the version that was tested, not for the one that was made up", async () => {
  const on = await demo();
  const { effects, plane, token } = on;
  const done = await recordEvidence(effects, plane, { report: reportOf(on.digest), token });
  expect(done.recorded.map(({ version, result }) => [version, result])).toEqual([["1.0.0", "PASSED"]]);
  expect(done.skipped).toEqual([]);
  expect(await gateCodes(on)).toEqual([]);
});

test("a report that contradicts itself is believed only where it speaks against itself", async () => {
  const problem = { code: "OUTPUT", message: "wrong", next_step: "Correct it." };
  const ran = (more: Parameters<typeof reportWith>[1]) =>
    testsOf(reportWith("a".repeat(64), more)).flatMap(({ tests }) => tests.map(({ verdict }) => verdict));
  expect(ran({ steps: [] })).toEqual(["not-run"]);
  expect(ran({ steps: [step("pass", { counts: {} })] })).toEqual(["not-run"]);
  expect(ran({ steps: [step("pass", { counts: { checks: -3 } })] })).toEqual(["not-run"]);
  expect(ran({ steps: [step("pass"), step("not-run")] })).toEqual(["not-run"]);
  expect(ran({ steps: [step("infra-failure"), step("fail")] })).toEqual(["fail"]);
  expect(ran({ steps: [step("pass", { problems: [problem] })] })).toEqual(["fail"]);
  expect(ran({ verdict: "fail", steps: [step("pass")] })).toEqual(["fail"]);
  expect(ran({ steps: [step("pass")] })).toEqual(["pass"]);
  const on = await demo();
  const { effects, plane, token } = on;
  const done = await recordEvidence(effects, plane, { report: reportWith(on.digest, { steps: [] }), token });
  expect(done.recorded.map(({ result }) => result)).toEqual(["FAILED"]);
  expect(await gateCodes(on)).toEqual(["GATE_MISSING"]);
});

const ABOUT_MATRIX = {
  package_id: ID,
  harness,
  programs_digest: "7".repeat(64),
  host_digests,
  duration_ms: 1,
};

test("so is a cell of a matrix", () => {
  const { environment, began_at } = reportOf("a".repeat(64));
  const verdictOf = (more: object) => {
    const cell = {
      id: "one",
      version: "1.0.0",
      host: { name: "workbench", version: "1.0.0" },
      api: "1.0.0",
      python: null,
      verdict: "pass",
      checks: 4,
      works: true,
      outside: [],
      refused_by: null,
      problems: [],
      ...more,
    };
    const versions = [{ version: "1.0.0", digest: "a".repeat(64) }];
    const matrix = { ...ABOUT_MATRIX, environment, began_at, versions, cells: [cell] };
    return testsOf(readReport(JSON.stringify(matrix), "m.json"))[0]?.tests[0]?.verdict;
  };
  expect(verdictOf({})).toBe("pass");
  expect(verdictOf({ checks: 0 })).toBe("not-run");
  expect(verdictOf({ works: false })).toBe("fail");
  expect(verdictOf({ works: null })).toBe("not-run");
  expect(verdictOf({ problems: [{ code: "PROCESS_LEFT" }] })).toBe("fail");
  expect(verdictOf({ outside: ["host"] })).toBe("not-run");
  expect(verdictOf({ verdict: "refused-as-declared" })).toBe("not-run");
  expect(verdictOf({ verdict: "refused-as-declared", works: null, refused_by: "host" })).toBe(
    "refused-as-declared",
  );
});

test("what a matrix found is evidence of its cells, for each version by its bytes", async () => {
  const on = await demo();
  const { effects, plane, token } = on;
  const { environment, began_at } = reportOf(on.digest);
  const cell = (host: string, verdict: string, version = "1.0.0") => ({
    id: `${version} workbench@${host}`,
    version,
    host: { name: "workbench", version: host },
    api: host,
    python: "3.12.4",
    verdict,
    checks: 4,
    works: true,
  });
  const matrix = {
    ...ABOUT_MATRIX,
    environment,
    began_at,
    versions: [
      { version: "1.0.0", digest: on.digest, compat: {} },
      { version: "2.0.0", digest: "e".repeat(64), compat: {} },
    ],
    cells: [
      cell("1.0.0", "pass"),
      cell("2.0.0", "fail"),
      cell("3.0.0", "not-run"),
      cell("1.0.0", "pass", "2.0.0"),
    ],
    edges: [],
  };
  const report = readReport(JSON.stringify(matrix), "m.json");
  const done = await recordEvidence(effects, plane, { report, token });
  expect(done.recorded.map(({ version, result }) => [version, result])).toEqual([["1.0.0", "FAILED"]]);
  expect(done.skipped.map(({ version, stored }) => [version, stored])).toEqual([["2.0.0", null]]);
  const subject = storedVersion(effects, plane, ID);
  const [evidence] = openBook(effects, plane, subject).evidence;
  expect(evidence?.facts.programs_digest).toBe("7".repeat(64));
  const ask = async (host: string): Promise<string> =>
    (await canInstall(effects, plane, subject, { cell: { host }, harness: here })).answer;
  expect(await Promise.all(["workbench@1", "workbench@2.0", "3.0.0", "holdfast"].map(ask))).toEqual([
    "yes",
    "no",
    "unknown",
    "unknown",
  ]);
  expect(() => readReport(JSON.stringify({ ...matrix, versions: 1 }), "m.json")).toThrow(/versions/);
});

test("a signed line that the ledger does not name is told and counts for nothing", async () => {
  const on = await demo();
  const key = loadSigningKey(on.effects, placesOf(on.plane), { use: "package" });
  if (key === undefined) throw new Error("the plane has no key");
  const { effects, plane, token } = on;
  await recordEvidence(effects, plane, { report: reportOf(on.digest), token });
  const path = join(on.root, EVIDENCE);
  const { payload } = JSON.parse(readFileSync(path, "utf8")) as { payload: string };
  const text = Buffer.from(payload, "base64").toString("utf8").replace('"duration_ms":1', '"duration_ms":2');
  appendFileSync(path, `${signedEnvelope(STATEMENT_PAYLOAD_TYPE, Buffer.from(text), [key])}\n`);
  appendFileSync(path, `${signedEnvelope(STATEMENT_PAYLOAD_TYPE, Buffer.from("{}"), [key])}\n`);
  expect(await gateCodes(on)).toEqual(["GATE_EVIDENCE_UNRECORDED", "GATE_EVIDENCE_UNTRUSTED"]);
});

test("evidence by a key that was revoked since counts for nothing", async () => {
  const on = await demo();
  const { effects, plane, token } = on;
  await recordEvidence(effects, plane, { report: reportOf(on.digest), token });
  const [key] = trustedKeys(effects, plane).filter(({ uses }) => uses.includes("package"));
  await revokeKey(effects, plane, { user: "ann", key: key?.name ?? "", reason: "lost" });
  expect(await gateCodes(on)).toEqual(["GATE_EVIDENCE_UNTRUSTED", "GATE_MISSING"]);
});

test("a ledger that does not verify proves nothing", async () => {
  const on = await demo();
  const { effects, plane, token } = on;
  await recordEvidence(effects, plane, { report: reportOf(on.digest), token });
  const path = join(on.root, "ledger/packages.jsonl");
  writeFileSync(
    path,
    readFileSync(path, "utf8").replace('"tests":1', '"tests":2').replace('"tests": 1', '"tests": 2'),
  );
  expect(await gateCodes(on)).toEqual(["GATE_LEDGER_BROKEN"]);
});

test("nothing is kept for bytes that the store does not hold", async () => {
  const { effects, plane, root } = await demo();
  const one = {
    package_id: ID,
    version: "1.0.0",
    digest: "0".repeat(64),
    line: "{}",
    result: "PASSED",
    tests: 1,
  } as const;
  const kept = keepEvidence(effects, plane, { user: "ann" }, [one]);
  await expect(kept).rejects.toMatchObject({ code: "EVIDENCE_OTHER_BYTES", exit_code: 3 });
  expect(effects.fs.stat(`${root}/${EVIDENCE}`)).toBeUndefined();
});

test("many recordings: the file keeps the newest, and the gate goes by them", async () => {
  const on = await demo();
  const { effects, plane, token } = on;
  const line = '{"x":1}';
  const items = Array.from({ length: 70 }, (_, at) => ({
    package_id: ID,
    version: "1.0.0",
    digest: on.digest,
    line: line + " ".repeat(at),
    result: "FAILED" as const,
    tests: 1,
  }));
  for (const one of [items.slice(0, 1), items.slice(1, 2)])
    await keepEvidence(effects, plane, { user: "ann" }, one);
  writeFileSync(join(on.root, EVIDENCE), `${items.map((one) => one.line).join("\n")}\n`);
  await recordEvidence(effects, plane, { report: reportOf(on.digest), token });
  expect(readFileSync(join(on.root, EVIDENCE), "utf8").trim().split("\n")).toHaveLength(64);
});
