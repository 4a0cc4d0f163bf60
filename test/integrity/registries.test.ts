import {
  appendFileSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sha256Hex } from "../../src/kernel/index.ts";
import { appendEntries } from "../../src/ledger/index.ts";
import { planeStream, writing } from "../../src/plane/index.ts";
import { aPlane, edit, errorCodes, ONE_PACKAGE, type TestPlane } from "./planes.ts";

const GENERATION = ".holdfast/state/generation.json";

describe("the record of the last change", () => {
  test("taken away it is missed, though nothing else was touched", async () => {
    const { check, root } = await aPlane();
    rmSync(join(root, GENERATION));
    const report = await check();
    expect(errorCodes(report)).toEqual(["GENERATION_MISSING"]);
    expect(report.records.find(({ path }) => path === GENERATION)).toMatchObject({
      verdict: "missing",
      owner: "holdfast",
      cure: "integrity-check --record",
    });
  });

  test.each([
    [
      "the ledger",
      async ({ effects, plane }: TestPlane, digest: string) => {
        await appendEntries(effects, planeStream(plane, "ledger/governance.jsonl"), [
          {
            event_type: "registry_edited",
            submission_id: SPECS,
            decision: "RECORDED",
            reason: "edited",
            metadata: { user: "ann", before: null, after: digest },
          },
        ]);
      },
    ],
    ["the record that the newest change displaced", keepGeneration({ notes: {}, writes: "lib/x" })],
    [
      "the notes of the newest change",
      (made: TestPlane, digest: string) =>
        keepGeneration({ notes: { after: [[SPECS, digest]] }, writes: SPECS })(made, "0".repeat(64)),
    ],
  ])("an edit is noticed by %s", async (_, remember) => {
    const made = await aPlane();
    await remember(made, sha256Hex(readFileSync(join(made.root, SPECS))));
    rmSync(join(made.root, GENERATION));
    expect((await made.check()).findings.map(({ code }) => code)).not.toContain("REGISTRY_EDITED");
    edit(made.root, SPECS, "Alpha", "Alphb");
    const report = await made.check();
    expect(report.findings.filter(({ code }) => code === "REGISTRY_EDITED").map(({ path }) => path)).toEqual([
      SPECS,
    ]);
    expect(errorCodes(report)).toEqual(["GENERATION_MISSING"]);
  });

  test("what remembers it may be damaged itself", async () => {
    const made = await aPlane();
    made.put(".holdfast/state/generations/00000004/journal.jsonl", "{}\n[");
    made.put(".holdfast/state/generations/00000004/changes.jsonl", "no json\n");
    rmSync(join(made.root, GENERATION));
    expect(errorCodes(await made.check())).toEqual(["GENERATION_MISSING"]);
    await writing(made.effects, made.plane, { user: "ann" }, async () => undefined);
    expect(await made.check()).toMatchObject({ healthy: true, generation: 4 });
  });
});

const SPECS = "registries/specs_registry.csv";

/** As a committed change leaves it. */
function keepGeneration({ notes, writes }: { readonly notes: object; readonly writes: string }) {
  return async ({ put }: TestPlane, digest: string): Promise<void> => {
    const folder = ".holdfast/state/generations/00000003";
    const lines = (values: readonly object[]): string =>
      values.map((value) => `${JSON.stringify(value)}\n`).join("");
    const was = { size_bytes: 1, mode: 0o644, inode: "1", mtime_ns: "1" };
    put(
      `${folder}/journal.jsonl`,
      lines([
        { state: "begun", transaction_id: "TX", operation: "install", subject: "", user: "ann", at_ms: 1 },
        { state: "planned", changes: 2, notes },
        { state: "committed", generation: 3, follow_ups: [], at_ms: 2 },
      ]),
    );
    put(
      `${folder}/changes.jsonl`,
      lines([
        { kind: "put", path: writes, was },
        { kind: "put", path: GENERATION, was },
      ]),
    );
    put(`${folder}/aside/1`, JSON.stringify({ generation: 2, registries: { specs_registry: digest } }));
  };
}

describe("registries", () => {
  test.each([
    [
      "a missing file",
      (root: string) => unlinkSync(join(root, "registries/packages_state.csv")),
      "REGISTRY_MISSING",
    ],
    [
      "a missing folder",
      (root: string) => rmSync(join(root, "registries"), { recursive: true }),
      "REGISTRY_MISSING",
    ],
    [
      "a header alone",
      (root: string) => edit(root, "registries/packages_registry.csv", /\r\n.*\r\n$/s, "\r\n"),
      "REGISTRY_EMPTY",
    ],
    [
      "an ownership row of nothing",
      (root: string) =>
        appendFileSync(
          join(root, "registries/file_ownership.csv"),
          `lib/x,PKG-T1-ALPHA-001,sha256:${"0".repeat(64)},code,2026-01-02T03:04:05+00:00\r\n`,
        ),
      "OWNERSHIP_WITHOUT_RECEIPT",
    ],
    [
      "an ownership row less",
      (root: string) => edit(root, "registries/file_ownership.csv", /modules\/alpha\/other.*\r\n/, ""),
      "OWNERSHIP_ROW_MISSING",
    ],
    [
      "an ownership row with another digest",
      (root: string) => edit(root, "registries/file_ownership.csv", /sha256:[0-9a-f]{8}/, "sha256:00000000"),
      "OWNERSHIP_DIFFERS",
    ],
    [
      "a state row less",
      (root: string) => edit(root, "registries/packages_state.csv", /PKG-T1.*\r\n/, ""),
      "STATE_ROW_MISSING",
    ],
    [
      "a state row that differs",
      (root: string) => edit(root, "registries/packages_state.csv", ",5,", ",6,"),
      "STATE_DIFFERS",
    ],
    [
      "a state row of nothing",
      (root: string) =>
        appendFileSync(
          join(root, "registries/packages_state.csv"),
          `PKG-T1-BETA-001,installed,sha256:${"0".repeat(64)},library,ho3,1,2026-01-02T03:04:05+00:00,\r\n`,
        ),
      "STATE_WITHOUT_RECEIPT",
    ],
    [
      "an installed package less",
      (root: string) => edit(root, "registries/packages_registry.csv", /PKG-T1.*\r\n/, ""),
      "PACKAGE_UNREGISTERED",
    ],
    [
      "another digest",
      (root: string) => edit(root, "registries/packages_registry.csv", /,tar,[0-9a-f]{8}/, ",tar,00000000"),
      "INSTALLED_FROM_OTHER_BYTES",
    ],
  ])("%s", async (_, act, code) => {
    const { check, root } = await aPlane();
    act(root);
    const report = await check();
    expect(errorCodes(report)).toContain(code);
    expect(report.healthy).toBe(false);
  });

  test.each([
    ["gone", (path: string) => unlinkSync(path), "REGISTRY_MISSING"],
    ["empty", (path: string) => truncateSync(path), "REGISTRY_HEADER_INVALID"],
    ["a NUL longer", (path: string) => appendFileSync(path, "\0"), "REGISTRY_SYNTAX"],
  ])("of a registry of packages that is %s no cure uninstalls what it may name", async (_, act, code) => {
    const { check, root } = await aPlane();
    act(join(root, "registries/packages_registry.csv"));
    const report = await check();
    expect(errorCodes(report)).toContain(code);
    expect(report.findings.map(({ next_step }) => next_step).join()).not.toContain("pkg uninstall");
  });

  test("a valid edit by hand is a note", async () => {
    const { check, root } = await aPlane();
    edit(root, "registries/packages_registry.csv", ",P1,", ",P2,");
    const report = await check();
    expect(report.findings.map(({ code, severity }) => [code, severity])).toEqual([
      ["REGISTRY_EDITED", "note"],
    ]);
    expect(report.registries[0]).toMatchObject({
      path: "registries/packages_registry.csv",
      edited: true,
      valid: true,
    });
    expect(report.healthy).toBe(true);
  });

  test.each([
    ["gone", (path: string) => unlinkSync(path), ["ARCHIVE_MISSING"]],
    ["changed", (path: string) => appendFileSync(path, "x"), ["ARCHIVE_DRIFT"]],
    [
      "beside another sidecar",
      (path: string) => writeFileSync(`${path}.sha256`, "0".repeat(64)),
      ["SIDECAR_DIFFERS"],
    ],
    ["without sidecar", (path: string) => unlinkSync(`${path}.sha256`), []],
  ])("an archive %s", async (_, act, codes) => {
    const { check, root } = await aPlane();
    act(join(root, "packages_store/PKG-T1-ALPHA-001-1.0.0.tar.gz"));
    const report = await check();
    expect(errorCodes(report)).toEqual(codes);
    expect(report.findings.length).toBeGreaterThan(0);
  });

  test("a source outside the plane is not read", async () => {
    const { check } = await aPlane([ONE_PACKAGE], (rows) =>
      Object.assign(rows.packages_registry[0] ?? {}, { source: "packages_store/../../x" }),
    );
    expect(errorCodes(await check())).toContain("ARCHIVE_MISSING");
  });
});

describe("artifacts of the control plane", () => {
  const artifact = (id: string, artifact_path: string, content_hash: string) => ({
    id,
    name: id,
    entity_type: "library",
    category: "core",
    artifact_path,
    status: "active",
    selected: "yes",
    priority: "P1",
    content_hash,
  });
  const line = (path: string, text: string): string => `${sha256Hex(text)}  ${path}\n`;
  const folder = sha256Hex(line("a", "1") + line("b/c", "2"));

  test("files and folders by digest, names included", async () => {
    const { check, put, root } = await aPlane([ONE_PACKAGE], (rows) =>
      rows.control_plane_registry.push(
        artifact("LIB-1", "/lib/core", folder),
        artifact("LIB-2", "/lib/two", sha256Hex("two").toUpperCase()),
        artifact("LIB-3", "/lib/none", ""),
        artifact("LIB-4", "/lib/gone", folder),
        artifact("LIB-5", "/../x", folder),
      ),
    );
    put("lib/core/a", "1");
    put("lib/core/b/c", "2");
    put("lib/two", "two");
    put("lib/none", "3");
    const report = await check();
    expect(report).toMatchObject({
      valid: ["LIB-1", "LIB-2"],
      invalid: [],
      no_hash: ["LIB-3"],
      missing: [{ id: "LIB-4" }, { id: "LIB-5" }],
    });
    expect(report.orphans).toEqual(["lib/none"]);
    expect(report.counts.match).toBe(8);
    renameSync(join(root, "lib/core/a"), join(root, "lib/core/a2"));
    expect((await check()).invalid).toMatchObject([{ id: "LIB-1", expected: folder }]);
  });
});

describe("the chain", () => {
  test.each([
    [
      "a spec that is not registered",
      "specs_registry",
      { id: "PKG-T1-ALPHA-001", link_type: "source_spec_id", target: "SPEC-ALPHA-001" },
    ],
    [
      "a framework that is not registered",
      "frameworks_registry",
      { id: "SPEC-ALPHA-001", link_type: "complies_with", target: "FMWK-100" },
    ],
  ] as const)("%s", async (_, name, link) => {
    const { check } = await aPlane([ONE_PACKAGE], (rows) => rows[name].splice(0));
    const report = await check();
    expect(report.chain_errors).toEqual([link]);
    expect(errorCodes(report)).toEqual(["CHAIN_BROKEN"]);
  });

  test("a document that is not there is a note", async () => {
    const { check, root } = await aPlane();
    unlinkSync(join(root, "frameworks/FMWK-100_house_rules.md"));
    expect(await check()).toMatchObject({
      healthy: true,
      chain_error_count: 0,
      findings: [{ code: "CHAIN_FILE_MISSING", field: "framework_path" }],
    });
  });
});

describe("ledgers", () => {
  test.each([
    ["missing", (path: string) => unlinkSync(path), "LEDGER_MISSING"],
    [
      "cut",
      (path: string) => writeFileSync(path, `${readFileSync(path, "utf8").split("\n")[0]}\n`),
      "LEDGER_TAIL_CUT",
    ],
  ])("%s", async (_, act, code) => {
    const { check, root } = await aPlane();
    act(join(root, "ledger/packages.jsonl"));
    const report = await check();
    expect(errorCodes(report)).toContain(code);
    expect(report.ledger.find(({ stream }) => stream === "ledger/packages.jsonl")?.valid).toBe(false);
  });
});
