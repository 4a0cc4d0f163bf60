import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TraceReport } from "../../src/contracts/index.ts";
import { renderTrace } from "../../src/trace/index.ts";
import type { LibraryPlane } from "../support/library-plane.ts";
import { aChain, removePlanes, TestPlane } from "./planes.ts";
import { aPast, asked, BASE, codeOf, MID, packed, removePasts, TOP } from "./scenes.ts";

let on: LibraryPlane;
beforeAll(async () => {
  on = await aPast();
  await on.install([TOP]);
});
afterAll(removePlanes);
removePasts();

/** Each place named as evidence exists, and the line is about what the statement says. */
function holdsUp(root: string, { statements }: TraceReport): number {
  let checked = 0;
  for (const { says, evidence } of statements) {
    expect(evidence.length, says).toBeGreaterThan(0);
    for (const { kind, path, line, key } of evidence) {
      if (kind === "program") continue;
      const text = readFileSync(join(root, path), "utf8");
      const at = line === null ? text : (text.split("\n")[line - 1] ?? "");
      if (key !== null && kind !== "archive") expect(at, `${says} at ${path}:${line}`).toContain(key);
      if (kind === "manifest") expect(at).toMatch(new RegExp(says.split(" ")[2] ?? "-"));
      checked++;
    }
  }
  return checked;
}

describe("--why", () => {
  test("an unknown package is a fault that names the nearest", async () => {
    const fault = await asked(on, { ask: "why", from: "PKG-T2-TPO-001", to: BASE }).catch((error) => error);
    expect(fault).toMatchObject({
      code: "TRACE_SUBJECT_UNKNOWN",
      exit_code: 1,
      details: { near: expect.arrayContaining([TOP]) },
      next_step: `Run the same command with ${TOP}, or "trace --explain ${TOP}".`,
    });
  });

  test.each(["__proto__", "", "\0", "../x", "x".repeat(100_000), "\ud800"])(
    "a hostile name %j is unknown",
    async (name) => {
      expect(await codeOf(asked(on, { ask: "why", from: name, to: BASE }))).toBe("TRACE_SUBJECT_UNKNOWN");
    },
  );

  test("lists every path with its ranges, and where each range is declared", async () => {
    const report = await asked(on, { ask: "why", from: TOP.toLowerCase(), to: BASE });
    expect(report.data).toMatchObject({
      paths: [
        [TOP, BASE],
        [TOP, MID, BASE],
      ],
      paths_count: 2,
      paths_count_exact: true,
      cycle: [],
    });
    expect(report.data.edges).toContainEqual({
      from: TOP,
      to: BASE,
      range: ">=1.0.0 <3",
      to_version: "1.1.0",
      satisfied: true,
    });
    expect(holdsUp(on.root, report)).toBe(3);
    expect(renderTrace(report)).toContain(`needs ${BASE} >=1.0.0 <3 (installed 1.1.0)`);
  });

  test("a limit leaves some out and says how many", async () => {
    const { data } = await asked(on, { ask: "why", from: TOP, to: BASE, limit: 1 });
    expect([data.paths.length, data.paths_count, data.paths_left_out]).toEqual([1, 2, 1]);
  });

  test("the other way round is noticed", async () => {
    const report = await asked(on, { ask: "why", from: BASE, to: TOP });
    expect(report.data).toMatchObject({ paths_count: 0, only_the_other_way: true });
    expect(renderTrace(report)).toContain("it is");
  });

  test("packages that need each other in a circle are named, and the search ends", async () => {
    const round = new TestPlane();
    const ids = ["PKG-T1-A-001", "PKG-T1-B-001", "PKG-T1-C-001"];
    for (const [index, id] of ids.entries())
      round.install({
        id,
        files: { [`modules/${index}/x.py`]: "" },
        dependencies: [{ id: ids[(index + 1) % 3] ?? "", range: "*" }],
      });
    const { data } = await asked(round, { ask: "why", from: "PKG-T1-A-001", to: "PKG-T1-C-001" });
    expect(data.paths).toEqual([ids]);
    expect((await asked(round, { ask: "why", from: ids[0] ?? "", to: ids[0] ?? "" })).data).toMatchObject({
      paths: [[...ids, ids[0]]],
      cycle: ids,
    });
  });

  test("what is only registered is asked by what its row declares", async () => {
    const chain = await aChain();
    const report = await asked(chain, { ask: "why", from: "PKG-T1-WANTS-001", to: BASE });
    expect(report.data.paths).toEqual([["PKG-T1-WANTS-001", BASE]]);
    expect(report.statements[0]?.evidence).toMatchObject([
      { kind: "registry", path: "registries/packages_registry.csv", line: 5, key: "PKG-T1-WANTS-001" },
    ]);
  });
});

describe("--who", () => {
  test("an unknown path is a fault with the nearest paths", async () => {
    const fault = await asked(on, { ask: "who", path: "modules/base/croe.py" }).catch((error) => error);
    expect([fault.code, fault.exit_code, fault.details.near]).toEqual([
      "TRACE_SUBJECT_UNKNOWN",
      1,
      expect.arrayContaining(["modules/base/core.py"]),
    ]);
  });

  test("owner, class, receipt, and who let it in by which entry", async () => {
    const report = await asked(on, { ask: "who", path: "modules/base/core.py" });
    const [owner] = report.data.owners;
    expect(owner).toMatchObject({
      package: BASE,
      version: "1.1.0",
      classification: "code",
      origin: "created",
      receipt: `installed/${BASE}/receipt.json`,
      admission: { user: "admin", entry: { event: "UPDATED", stream: "ledger/packages.jsonl" } },
    });
    expect(owner?.admission?.transaction_id).toMatch(/^TX-/);
    expect(holdsUp(on.root, report)).toBe(4);
  });

  test("a registry that contradicts the receipts is a finding", async () => {
    const chain = await aChain();
    chain.rows("file_ownership", { file_path: "lib/x.py", owner_package_id: "PKG-T9-NOBODY-001" });
    const report = await asked(chain, { ask: "who", path: "lib/x.py" });
    expect(report.findings.map(({ code }) => code)).toEqual(["TRACE_OWNER_DIFFERS"]);
    expect(report.data.owners).toMatchObject([
      { package: "PKG-T9-NOBODY-001", receipt: null, admission: null },
    ]);
  });

  test("a path nobody owns says whose source it is", async () => {
    const chain = await aChain();
    const report = await asked(chain, { ask: "who", path: "modules/wants/source.py" });
    expect(report.data).toMatchObject({ owners: [], source_of: "PKG-T1-WANTS-001" });
    expect(renderTrace(report)).toContain("nobody; it lies in the source tree of PKG-T1-WANTS-001");
  });
});

describe("--impact", () => {
  test("dependents in tier order, versions that would do, files, and what is left alone", async () => {
    const report = await asked(on, { ask: "impact", subject: BASE });
    expect(report.data.packages.map(({ id, tier, direct }) => [id, tier, direct])).toEqual([
      [MID, "T1", true],
      [TOP, "T2", true],
    ]);
    expect(report.data.packages[0]).toMatchObject({ other_versions: ["1.0.0"], only_this: false });
    expect(report.data.files.map(({ path }) => path)).toContain("modules/base/core.py");
    expect(holdsUp(on.root, report)).toBe(3);
    const top = await asked(on, { ask: "impact", subject: TOP });
    expect(top.data).toMatchObject({ packages: [], left_alone: [BASE, MID] });
  });

  test("a dependent that no other stored version satisfies is said to be", async () => {
    const other = await aPast();
    await packed(
      other,
      "PKG-T3-NEW-001",
      "1.0.0",
      { "n.py": "" },
      { dependencies: [{ id: BASE, range: "^1.1.0" }] },
    );
    await other.install(["PKG-T3-NEW-001"]);
    const { data } = await asked(other, { ask: "impact", subject: BASE });
    expect(data.packages.find(({ id }) => id === "PKG-T3-NEW-001")).toMatchObject({
      only_this: true,
      other_versions: [],
    });
    // BASE is not left alone: the new one still needs it.
    expect((await asked(other, { ask: "impact", subject: MID })).data.left_alone).toEqual([]);
  });

  test("a framework and a spec name the packages that comply", async () => {
    const chain = await aChain();
    const framework = await asked(chain, { ask: "impact", subject: "FMWK-100" });
    expect(framework.data).toMatchObject({
      kind: "framework",
      specs: ["SPEC-EMPTY-001", "SPEC-MID-001"],
      users: [
        { id: MID, of: "SPEC-MID-001" },
        { id: MID, of: "FMWK-100" },
      ],
    });
    const spec = await asked(chain, { ask: "impact", subject: MID });
    expect(spec.data.specs).toEqual(["SPEC-MID-001"]);
  });

  test("900 packages that all need one and are needed by one are told in time", async () => {
    const wide = new TestPlane();
    wide.install({ id: BASE, files: { "modules/base/x.py": "" } });
    const ids = Array.from({ length: 900 }, (_, i) => `PKG-T1-N-${i}`);
    for (const id of ids)
      wide.install({ id, files: { [`modules/${id}`]: "" }, dependencies: [{ id: BASE, range: "^1.0.0" }] });
    wide.install({
      id: TOP,
      files: { "modules/top": "" },
      dependencies: ids.map((id) => ({ id, range: "*" })),
    });
    const started_ms = performance.now();
    const { data } = await asked(wide, { ask: "impact", subject: TOP });
    expect(data.left_alone.length).toBe(901);
    const why = await asked(wide, { ask: "why", from: TOP, to: BASE });
    expect(why.data.paths_count).toBe(900);
    const duration_ms = performance.now() - started_ms;
    console.log(`impact and why among 900 packages: ${duration_ms.toFixed(0)} ms`);
    expect(duration_ms).toBeLessThan(10_000);
  });
});
