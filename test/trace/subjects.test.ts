import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readFaultCatalogues } from "../../src/operations/index.ts";
import { explain, renderTrace } from "../../src/trace/index.ts";
import type { LibraryPlane } from "../support/library-plane.ts";
import { aPastToBreak, asked, BASE, explained, MID, removePasts, TOP, thePast } from "./scenes.ts";

let on: LibraryPlane;
removePasts();
beforeAll(async () => {
  on = await thePast();
});

const ledger = (
  plane: Pick<LibraryPlane, "root">,
): { id: string; event_type: string; metadata: Record<string, string> }[] =>
  readFileSync(join(plane.root, "ledger/packages.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

const transactionOf = (event: string): string =>
  ledger(on).find(({ event_type }) => event_type === event)?.metadata["transaction_id"] ?? "";

describe("ID@version", () => {
  test("an earlier version: archive, files, and when it was in force", async () => {
    const { data, statements } = await explained(on, `${BASE.toLowerCase()}@1.0.0`, "package_version");
    expect(data).toMatchObject({
      package_id: BASE,
      version: "1.0.0",
      receipts: [],
      registered: false,
      archive: { path: `packages_store/${BASE}-1.0.0.tar.gz`, verified: true },
      manifest: { tier: "T0", dependencies: [] },
      in_force: [{ plane_id: "ho3", from: { event: "INSTALLED" }, until: { event: "UPDATED" } }],
      other_versions: ["1.1.0"],
    });
    expect(data.manifest?.files.map(({ path }) => path)).toContain("modules/base/old.py");
    expect(statements.map(({ about }) => about)).toEqual(["/manifest", "/in_force/0"]);
  });

  test("the installed version is still in force", async () => {
    const { data } = await explained(on, `${BASE}@1.1.0`, "package_version");
    expect([data.receipts.length, data.registered, data.in_force[0]?.until]).toEqual([1, true, null]);
  });

  test("a version nobody knows suggests those that are", async () => {
    const { data } = await explained(on, `${BASE}@1.0.1`, "unknown");
    expect(data.near).toEqual(expect.arrayContaining([`${BASE}@1.0.0`, `${BASE}@1.1.0`]));
    expect((await explained(on, `${BASE}@../../x`, "unknown")).found).toBe(false);
  });

  test("an archive with other bytes than recorded is a finding", async () => {
    const other = await aPastToBreak();
    const sidecar = join(other.root, `packages_store/${BASE}-1.0.0.tar.gz.sha256`);
    writeFileSync(sidecar, "0".repeat(64));
    const report = await explained(other, `${BASE}@1.0.0`, "package_version");
    expect(report.findings.map(({ code }) => code)).toEqual(["TRACE_ARCHIVE_DIFFERS"]);
    expect(report.data.archive?.verified).toBe(false);
  });
});

describe("a transaction", () => {
  test("what it changed, in which phases, and what is kept of it", async () => {
    const { data } = await explained(on, transactionOf("UPDATED"), "transaction");
    expect(data).toMatchObject({
      outcome: "UPDATED",
      operation: "update",
      user: "admin",
      kept: true,
      packages: [BASE],
      steps: [{ package_id: BASE, plane_id: "ho3", from: "1.0.0", to: "1.1.0" }],
    });
    expect(data.timeline.map(({ phase }) => phase)).toContain("activate");
    const changes = new Map(data.changes.map((one) => [one.path, one]));
    expect(changes.get("modules/base/fresh.py")?.change).toBe("added");
    expect(changes.get("modules/base/old.py")).toMatchObject({
      change: "removed",
      before_bytes: 8,
      kept_as: expect.stringMatching(/^\.holdfast\/state\/generations\/\d+\/aside\/\d+$/),
    });
    expect(changes.get("modules/base/core.py")).toMatchObject({
      change: "changed",
      before_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test("several packages at once, and one that left", async () => {
    const install = await explained(on, transactionOf("INSTALLED"), "transaction");
    expect(install.data.steps.map(({ package_id }) => package_id).sort()).toEqual([BASE, MID, TOP]);
    const uninstall = await explained(on, transactionOf("UNINSTALLED"), "transaction");
    expect(uninstall.data.steps).toEqual([{ package_id: TOP, plane_id: "ho3", from: "1.0.0", to: null }]);
  });

  test("a journal that is damaged is a finding", async () => {
    const other = await aPastToBreak();
    const [transaction] = ledger(other).flatMap(({ event_type, metadata }) =>
      event_type === "UPDATED" ? [metadata] : [],
    );
    const number = String(transaction?.["generation"]).padStart(8, "0");
    writeFileSync(join(other.root, `.holdfast/state/generations/${number}/changes.jsonl`), "{broken}\n");
    const report = await explained(other, transaction?.["transaction_id"] ?? "", "transaction");
    expect(report.findings.map(({ code }) => code)).toEqual(["JOURNAL_DAMAGED"]);
    expect(report.data.changes).toEqual([]);
  });
});

describe("a code", () => {
  test("every fault of every room is explained, with its exit code and a next step", async () => {
    const codes = Object.values(await readFaultCatalogues()).flatMap((one) => Object.entries(one));
    expect(codes.length).toBeGreaterThan(100);
    for (const [code, { exit_code }] of codes) {
      const { data } = await explained(on, code, "code");
      expect([data.kind, data.exit_code], code).toEqual(["fault", exit_code]);
      expect(data.next_steps.length, code).toBe(1);
      expect(data.next_steps[0], code).not.toMatch(/undefined|\[object/);
    }
  });

  test("findings too, and entries that carry a code", async () => {
    const { data } = await explained(on, "TRACE_FILE_UNOWNED", "code");
    expect(data).toMatchObject({ kind: "finding", room: "trace", exit_code: null });
    expect(data.messages[0]).toBe("<path> lies in a governed folder and no package owns it");
    expect((await explained(on, "trace-file-unowned", "code")).data.code).toBe("TRACE_FILE_UNOWNED");
  });

  test("a code that is none suggests the nearest", async () => {
    const { data } = await explained(on, "TRACE_FILE_UNOWND", "unknown");
    expect(data.near[0]).toBe("TRACE_FILE_UNOWNED");
    expect((await explain(on.effects, on.plane, "__PROTO__")).found).toBe(false);
  });
});

describe("a checkpoint", () => {
  let here: Awaited<ReturnType<typeof aPastToBreak>>;
  beforeAll(async () => {
    here = await aPastToBreak();
  });
  const root = Buffer.alloc(32, 7);
  const head = (size: number, signature = "— witness.example/w AAAAAQID"): string =>
    `holdfast.example/packages\n${size}\n${root.toString("base64")}\n\n${signature}\n`;
  const place = (plane: Pick<LibraryPlane, "root">, text: string): string => {
    mkdirSync(join(plane.root, "ledger/packages"), { recursive: true });
    writeFileSync(join(plane.root, "ledger/packages/checkpoint"), text);
    return "ledger/packages/checkpoint";
  };

  test("origin, size, root, signers and the entry it ends with", async () => {
    const report = await explained(here, place(here, head(3)), "checkpoint");
    expect(report.data).toMatchObject({
      origin: "holdfast.example/packages",
      tree_size: 3,
      root_hash: root.toString("hex"),
      signatures: [{ name: "witness.example/w", key_id: "00000001" }],
      stream: "ledger/packages.jsonl",
      last_entry: { id: ledger(on)[2]?.id, line: 3 },
      root_verified: false,
    });
    expect(report.statements[0]?.evidence).toHaveLength(2);
    expect(report.findings.map(({ code }) => code)).toEqual(["TRACE_CHECKPOINT_FORKED"]);
  });

  test("the plane's own checkpoint is verified against the lines, and an edited line breaks it", async () => {
    const own = await aPastToBreak();
    const path = "ledger/packages/checkpoint";
    const good = await explained(own, path, "checkpoint");
    expect(good.data).toMatchObject({ stream: "ledger/packages.jsonl", root_verified: true });
    expect(good.data.tree_size).toBe(ledger(own).length);
    const stream = join(own.root, "ledger/packages.jsonl");
    writeFileSync(stream, readFileSync(stream, "utf8").replace("1.1.0 updated", "1.1.0 Updated"));
    const bad = await explained(own, path, "checkpoint");
    expect([bad.data.root_verified, bad.findings[0]?.code]).toEqual([false, "TRACE_CHECKPOINT_FORKED"]);
  });

  test("with a log its root is recomputed, and a fork or a cut is a finding", async () => {
    const path = place(here, head(3));
    const log = (computed: string | undefined) => ({
      inclusion: () => undefined,
      root: () => computed,
      streamOf: () => "ledger/packages.jsonl",
    });
    const good = await explained(here, path, "checkpoint", { log: log(root.toString("hex")) });
    expect([good.data.root_verified, good.findings]).toEqual([true, []]);
    for (const other of ["00".repeat(32), undefined]) {
      const bad = await explained(here, path, "checkpoint", { log: log(other) });
      expect([bad.data.root_verified, bad.findings[0]?.code]).toEqual([false, "TRACE_CHECKPOINT_FORKED"]);
    }
  });

  test.each([
    "",
    "x\n",
    head(3, ""),
    head(3).replace("\n3\n", "\n03\n"),
    head(3).replace("=", ""),
    "\0\n\n\n",
  ])("%j is an ordinary file", async (text) => {
    await explained(here, place(here, text), "file");
  });
});

describe("--prove", () => {
  test("entries and receipts hold, and name the record that states their digest", async () => {
    const report = await asked(on, { ask: "who", path: "modules/base/core.py" }, { prove: true });
    const proofs = report.statements.flatMap(({ evidence }) => evidence);
    const updated = ledger(on).find(({ event_type }) => event_type === "UPDATED")?.id;
    expect(proofs.filter(({ kind }) => kind === "receipt")).toMatchObject([
      { proof: { holds: true, recorded_by: updated } },
      { proof: { holds: true, recorded_by: updated } },
    ]);
    expect(proofs.find(({ kind }) => kind === "ledger")).toMatchObject({ proof: { holds: true } });
    expect(renderTrace(report, { evidence: true })).toContain(`as ${updated} states`);
  });

  test("an edited receipt and an edited entry no longer hold", async () => {
    const other = await aPastToBreak();
    const path = join(other.root, `installed/${BASE}/receipt.json`);
    writeFileSync(
      path,
      readFileSync(path, "utf8").replace('"installed_by": "admin"', '"installed_by": "mallory"'),
    );
    const stream = join(other.root, "ledger/packages.jsonl");
    writeFileSync(stream, readFileSync(stream, "utf8").replace("1.1.0 updated from", "1.1.0 upgraded from"));
    const report = await asked(other, { ask: "who", path: "modules/base/core.py" }, { prove: true });
    const held = report.statements.flatMap(({ evidence }) =>
      evidence.map(({ kind, proof }) => [kind, proof?.holds]),
    );
    expect(held).toEqual([
      ["receipt", false],
      ["registry", null],
      ["ledger", false],
      ["receipt", false],
    ]);
    expect(renderTrace(report, { evidence: true })).toContain("DOES NOT HOLD");
  });

  test("each entry comes with its place in the plane's own log, unless its tiles are damaged", async () => {
    const own = await aPastToBreak();
    const entries = async () =>
      (await explained(own, BASE, "package", { prove: true })).statements.flatMap(({ evidence }) =>
        evidence.filter(({ kind }) => kind === "ledger"),
      );
    for (const { path, line, proof } of await entries())
      expect(proof?.inclusion, path).toMatchObject({
        origin: expect.stringMatching(/^holdfast\.plane\//),
        leaf_index: (line ?? 0) - 1,
      });
    const stream = join(own.root, "ledger/packages.jsonl");
    writeFileSync(stream, readFileSync(stream, "utf8").replace("1.1.0 updated", "1.1.0 Updated"));
    const report = await explained(own, BASE, "package", { prove: true });
    expect(report.findings.map(({ code }) => code)).toContain("LEDGER_TREE_DAMAGED");
  });

  test("the log's inclusion proof comes with each entry it reaches", async () => {
    const inclusion = { origin: "o", tree_size: 9, leaf_index: 4, root_hash: "aa", hashes: ["bb"] };
    const log = { inclusion: () => inclusion, root: () => undefined, streamOf: () => undefined };
    const report = await explained(on, BASE, "package", { prove: true, log });
    const entries = report.statements.flatMap(({ evidence }) =>
      evidence.filter(({ kind }) => kind === "ledger"),
    );
    expect(entries.length).toBeGreaterThan(2);
    expect(entries.every(({ proof }) => proof?.inclusion === inclusion)).toBe(true);
    expect(renderTrace(report, { evidence: true })).toContain("in the log o at 4 of 9, root aa");
  });
});
