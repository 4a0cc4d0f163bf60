import { appendFileSync, chmodSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { TraceReport } from "../../src/contracts/trace.ts";
import { sha256Hex } from "../../src/kernel/index.ts";
import { appendEntries } from "../../src/ledger/index.ts";
import { PACKAGES_STREAM, planeStream } from "../../src/plane/index.ts";
import { explain, inventory, renderTrace, traceExitCode } from "../../src/trace/index.ts";
import { aChain, entry, removePlanes, TestPlane } from "./planes.ts";

afterAll(removePlanes);

type Of<T extends TraceReport["type"]> = Extract<TraceReport, { type: T }>;

/** Explains, checks the report against its published shape, and that the text names no place outside the plane. */
async function ask<T extends TraceReport["type"]>(on: TestPlane, subject: string, type: T): Promise<Of<T>> {
  const report = await explain(on.effects, on.plane, subject);
  TraceReport.parse(JSON.parse(JSON.stringify(report)));
  expect(report.type).toBe(type);
  const texts = [renderTrace(report), JSON.stringify(report)];
  if (!subject.startsWith("/")) for (const text of texts) expect(text).not.toContain(on.root);
  return report as Of<T>;
}

const codes = (report: TraceReport): string[] => report.findings.map(({ code }) => code);

describe("explain() of what is not there", () => {
  test("an unknown name is not found, with the names nearest to it", async () => {
    const on = await aChain();
    const report = await ask(on, "PKG-T0-BASE-002", "unknown");
    expect(report.found).toBe(false);
    expect(traceExitCode(report)).toBe(1);
    expect(report.data).toMatchObject({
      query: "PKG-T0-BASE-002",
      message: "Not found",
      next_step: `Run "trace --explain PKG-T0-BASE-001".`,
    });
    expect(report.data.near[0]).toBe("PKG-T0-BASE-001");
    expect(renderTrace(report)).toContain("## Did you mean");
  });

  test("a file name without its folder finds the paths that end with it", async () => {
    expect((await ask(await aChain(), "core.py", "unknown")).data.near).toEqual(["modules/base/core.py"]);
  });

  test("a path with a slip of the pen finds the path", async () => {
    expect((await ask(await aChain(), "modules/bsae/core.py", "unknown")).data.near).toContain(
      "modules/base/core.py",
    );
  });

  test("what left the plane is unknown, and its history is told", async () => {
    const on = await aChain();
    await on.append("ledger/packages.jsonl", entry("UNINSTALLED", "PKG-T1-GONE-001", { user: "carol" }));
    expect((await ask(on, "PKG-T1-GONE-001", "unknown")).data.history).toMatchObject([
      { event: "UNINSTALLED", user: "carol" },
    ]);
  });

  test("a registered package that is not installed exits 1 and says how to install it", async () => {
    const on = await aChain();
    const report = await ask(on, "PKG-T1-WANTS-001", "package");
    expect(report.found).toBe(true);
    expect(report.data.installed).toBe(false);
    expect(traceExitCode(report)).toBe(1);
    expect(report.data.next_step).toBe(
      `Run "pkg pack --src modules/wants --id PKG-T1-WANTS-001", then "pkg install --id PKG-T1-WANTS-001".`,
    );
    on.store("PKG-T1-WANTS-001", "1.0.0", "bytes");
    expect((await ask(on, "PKG-T1-WANTS-001", "package")).data.next_step).toBe(
      `Run "pkg install --id PKG-T1-WANTS-001".`,
    );
  });

  test("a package that was taken away by hand points at the check that says how to have it again", async () => {
    const on = await aChain();
    const id = "PKG-T1-WANTS-001";
    const stepAfter = async (event: string, submission_id = id): Promise<string | null> => {
      await appendEntries(on.effects, planeStream(on.plane, PACKAGES_STREAM), [
        entry(event, submission_id, { plane_id: "ho3", about: id }),
      ]);
      return (await ask(on, id, "package")).data.next_step;
    };
    expect(await stepAfter("INSTALLED", "PKG-T1-OTHER-001")).toContain("pkg pack");
    expect(await stepAfter("INSTALLED")).toMatch(/RECEIPT_MISSING.*"integrity-check"/);
    expect(await stepAfter("UNINSTALLED")).toContain("pkg pack");
  });

  test("a digest nothing has is not found", async () => {
    const report = await ask(await aChain(), `sha256:${"e".repeat(64)}`, "digest");
    expect([report.found, traceExitCode(report), report.data.matches]).toEqual([false, 1, []]);
  });

  const reusable = aChain();
  test.each(
    [
      "__proto__",
      "constructor",
      "",
      " ",
      "/",
      "..",
      "../plane",
      "\0",
      "a\0b",
      "\ud800",
      "x".repeat(100_000),
      "../../etc/passwd",
      "/etc/passwd",
      "LED-00000000",
      "TX-none",
      '"; rm -rf /',
      "-".repeat(5000),
      "planes/../../x",
      "modules/base/core.py/deeper",
    ].map((subject) => [subject.slice(0, 20), subject]),
  )("hostile or empty name %j is no crash and nothing outside the plane", async (_, subject) => {
    const on = await reusable;
    const report = await explain(on.effects, on.plane, subject);
    TraceReport.parse(JSON.parse(JSON.stringify(report)));
    // "/" and "../plane" name the plane itself.
    expect(report.found).toBe(["/", "../plane"].includes(subject));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not come through.
    expect(renderTrace(report)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\ud800-\udfff]/);
  });
});

describe("explain() of a package", () => {
  test("tells what, who, when, why and who needs it", async () => {
    const report = await ask(await aChain(), "PKG-T0-BASE-001", "package");
    const { data } = report;
    expect(traceExitCode(report)).toBe(0);
    expect(report.findings).toEqual([]);
    expect(data.receipts).toMatchObject([
      {
        plane_id: "ho3",
        version: "1.0.0",
        installed_by: "alice",
        transaction_id: "TX-20260301T100000-0011223344556677",
        generation: 3,
        receipt: "installed/PKG-T0-BASE-001/receipt.json",
      },
    ]);
    expect(data.files).toMatchObject([
      { path: "modules/base/__init__.py", hash_verified: true, verdict: "match", origin: "created" },
      { path: "modules/base/core.py", purpose: "The registered purpose", hash_verified: true },
    ]);
    expect(data.why).toEqual({
      requested: false,
      chains: [["PKG-T2-TOP-001", "PKG-T1-MID-001", "PKG-T0-BASE-001"]],
      chains_left_out: 0,
    });
    expect(data.dependents).toEqual([
      { id: "PKG-T1-MID-001", range: "^1.0.0", direct: true, installed: true, version: "1.2.0" },
      { id: "PKG-T2-TOP-001", range: null, direct: false, installed: true, version: "1.0.0" },
      { id: "PKG-T1-WANTS-001", range: "^1.0.0", direct: true, installed: false, version: "1.0.0" },
    ]);
    expect(new Set(data.history.map(({ event, user }) => `${event} ${user ?? ""}`))).toEqual(
      new Set(["INSTALLED alice", "package_pack bob"]),
    );
    expect(data.archive).toMatchObject({
      path: "packages_store/PKG-T0-BASE-001-1.0.0.tar.gz",
      present: true,
      verified: true,
    });
    expect(data.tier_status).toEqual({ HO3: "installed", HO2: "not installed", HO1: "not installed" });
    expect(data.parity).toBe(true);
  });

  test("names its spec and, through it, its framework", async () => {
    const { data } = await ask(await aChain(), "pkg-t1-mid-001", "package");
    expect(data.spec).toEqual({ id: "SPEC-MID-001", title: "The middle", status: "active" });
    expect(data.framework).toEqual({ id: "FMWK-100", title: "Agent Standard" });
    expect([data.specs, data.frameworks]).toEqual([["SPEC-MID-001"], ["FMWK-100"]]);
    expect(data.dependencies).toEqual([
      { id: "PKG-T0-BASE-001", range: "^1.0.0", installed_version: "1.0.0", satisfied: true },
    ]);
  });

  test("reads the bytes now: changed, missing, other mode, through a link", async () => {
    const on = new TestPlane();
    on.install({
      id: "PKG-T1-A-001",
      files: {
        "lib/a/changed.py": "1",
        "lib/a/gone.py": "2",
        "lib/a/mode.py": "3",
        "lib/a/same.py": "4",
        "lib/b/linked.py": "5",
      },
    });
    writeFileSync(`${on.root}/lib/a/changed.py`, "one");
    rmSync(`${on.root}/lib/a/gone.py`);
    chmodSync(`${on.root}/lib/a/mode.py`, 0o755);
    rmSync(`${on.root}/lib/b`, { recursive: true });
    on.write("elsewhere/linked.py", "5");
    symlinkSync("../elsewhere", `${on.root}/lib/b`);
    const report = await ask(on, "PKG-T1-A-001", "package");
    expect(report.data.files.map(({ path, verdict }) => [path, verdict])).toEqual([
      ["lib/a/changed.py", "drift"],
      ["lib/a/gone.py", "missing"],
      ["lib/a/mode.py", "drift"],
      ["lib/a/same.py", "match"],
      ["lib/b/linked.py", "drift"],
    ]);
    expect(codes(report)).toEqual([
      "TRACE_FILE_DRIFT",
      "TRACE_FILE_MISSING",
      "TRACE_FILE_DRIFT",
      "TRACE_FILE_DRIFT",
    ]);
    expect(renderTrace(report)).toContain("1 of 5 recorded files have their recorded bytes.");
  });

  test("edited state is information, edited configuration a note", async () => {
    for (const [classification, severity] of [
      ["state", "info"],
      ["config", "note"],
      ["code", "error"],
    ] as const) {
      const on = new TestPlane();
      on.install({ id: "PKG-T1-A-001", files: { "lib/a.txt": "1" }, classification });
      on.write("lib/a.txt", "2");
      expect((await ask(on, "PKG-T1-A-001", "package")).findings.map((finding) => finding.severity)).toEqual([
        severity,
      ]);
    }
  });

  test("a receipt that names a path outside the plane is damaged, and nothing is read there", async () => {
    for (const path of ["../outside.txt", "/etc/passwd", "lib/../../x", "lib/a\u001b[2J.py"]) {
      const on = await aChain();
      const receipt = on.install({ id: "PKG-T1-MID-001", files: { "lib/a.txt": "1" } });
      const files = [{ ...receipt.files[0], path }];
      on.write("installed/PKG-T1-MID-001/receipt.json", JSON.stringify({ ...receipt, files }));
      const report = await ask(on, "PKG-T1-MID-001", "package");
      expect(report.data.installed, path).toBe(false);
      expect(report.data.files.map((file) => file.path)).not.toContain(path);
      expect(codes(report)).toContain("RECEIPT_DAMAGED");
    }
  });

  test("a damaged receipt is a finding, the package counts as not installed, and others are still explained", async () => {
    const on = await aChain();
    on.write("installed/PKG-T1-MID-001/receipt.json", "{");
    const report = await ask(on, "PKG-T1-MID-001", "package");
    expect([report.data.installed, traceExitCode(report)]).toEqual([false, 1]);
    expect(codes(report)).toContain("RECEIPT_DAMAGED");
    expect((await ask(on, "PKG-T0-BASE-001", "package")).data.installed).toBe(true);
  });

  test("a missing dependency, a version out of range and a broken chain are findings", async () => {
    const on = new TestPlane();
    on.install({ id: "PKG-T0-OLD-001", files: { "lib/old": "1" } });
    on.install({
      id: "PKG-T1-A-001",
      files: { "lib/a": "1" },
      dependencies: [
        { id: "PKG-T0-NONE-001", range: "*" },
        { id: "PKG-T0-OLD-001", range: "^2.0.0" },
      ],
      spec_id: "SPEC-NONE-001",
      framework_id: "FMWK-9",
    });
    const report = await ask(on, "PKG-T1-A-001", "package");
    expect(codes(report)).toEqual([
      "TRACE_CHAIN_BROKEN",
      "TRACE_CHAIN_BROKEN",
      "TRACE_DEPENDENCY_UNMET",
      "TRACE_DEPENDENCY_UNMET",
    ]);
    expect(report.data.spec).toEqual({ id: "SPEC-NONE-001", title: "", status: "unknown" });
  });

  test("other bytes in the store are a finding, none at all a note", async () => {
    const on = await aChain();
    on.store("PKG-T0-BASE-001", "1.0.0", "other bytes");
    expect(codes(await ask(on, "PKG-T0-BASE-001", "package"))).toEqual(["TRACE_ARCHIVE_DIFFERS"]);
    rmSync(`${on.root}/packages_store`, { recursive: true });
    expect((await ask(on, "PKG-T0-BASE-001", "package")).findings).toMatchObject([
      { code: "TRACE_ARCHIVE_ABSENT", severity: "note" },
    ]);
  });

  test("packages that need each other in a circle are explained without end or crash", async () => {
    const on = new TestPlane();
    for (const [id, needs] of [
      ["A", "B"],
      ["B", "C"],
      ["C", "A"],
    ]) {
      on.install({
        id: `PKG-T1-${id ?? ""}-001`,
        files: { [`lib/${id ?? ""}`]: "1" },
        dependencies: [{ id: `PKG-T1-${needs ?? ""}-001`, range: "*" }],
      });
    }
    const { data } = await ask(on, "PKG-T1-A-001", "package");
    expect(data.why).toEqual({
      requested: false,
      chains: [
        ["PKG-T1-C-001", "PKG-T1-A-001"],
        ["PKG-T1-B-001", "PKG-T1-C-001", "PKG-T1-A-001"],
      ],
      chains_left_out: 0,
    });
  });

  test("a kernel package has parity only when all three plane tiers hold the same", async () => {
    const on = new TestPlane();
    const install = (tier: "ho1" | "ho2" | "ho3"): unknown =>
      on.install({ id: "PKG-KERNEL-001", files: { "lib/k.py": "1" }, tier });
    install("ho3");
    expect((await ask(on, "PKG-KERNEL-001", "package")).data.parity).toBe(false);
    install("ho2");
    install("ho1");
    const all = await ask(on, "PKG-KERNEL-001", "package");
    expect(all.data.parity).toBe(true);
    expect(all.data.tier_status).toEqual({ HO3: "installed", HO2: "installed", HO1: "installed" });
    expect(all.data.files.map(({ path }) => path)).toEqual([
      "lib/k.py",
      "planes/ho2/lib/k.py",
      "planes/ho1/lib/k.py",
    ]);
    on.install({ id: "PKG-KERNEL-001", version: "2.0.0", files: { "lib/k.py": "2" }, tier: "ho1" });
    expect((await ask(on, "PKG-KERNEL-001", "package")).data.parity).toBe(false);
  });

  test("control characters from a plane never reach the terminal", async () => {
    const on = new TestPlane();
    on.install({
      id: "PKG-T1-A-001",
      files: { "lib/a.py": '"""Clears \u001b[2J\u009b31m."""' },
    });
    const report = await ask(on, "PKG-T1-A-001", "package");
    const text = renderTrace(report);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not come through.
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(text).toContain("\\x1b[2J");
  });

  test("every line of the text fits 80 columns unless it holds one longer word", async () => {
    const on = await aChain();
    for (const subject of ["PKG-T0-BASE-001", "FMWK-100", "modules/base/core.py", "PKG-NOPE", "modules"]) {
      const text = renderTrace(await explain(on.effects, on.plane, subject));
      for (const line of text.split("\n"))
        if (line.split(" ").every((word) => word.length < 60))
          expect(line.length, line).toBeLessThanOrEqual(80);
    }
  });
});

test("the history of an id is not that of a longer one", async () => {
  const on = await aChain();
  await on.append(
    "ledger/packages.jsonl",
    entry("LONGER", "PKG-T0-BASE-0010"),
    entry("BOTH", "PKG-X PKG-T0-BASE-001"),
  );
  const { data } = await ask(on, "PKG-T0-BASE-001", "package");
  expect(data.history.map(({ event }) => event)).toContain("BOTH");
  expect(data.history.map(({ event }) => event)).not.toContain("LONGER");
});

test("a command in the text is never broken over two lines", async () => {
  const on = await aChain();
  const text = renderTrace(await explain(on.effects, on.plane, "PKG-T1-WANTS-001"));
  expect(text).toContain('"pkg pack --src modules/wants --id PKG-T1-WANTS-001"');
  expect(text).toContain('"pkg install --id PKG-T1-WANTS-001"');
});

describe("explain() of specs, frameworks and artifacts", () => {
  test("a framework with a spec that has no file", async () => {
    const report = await ask(await aChain(), "fmwk-100", "framework");
    expect(traceExitCode(report)).toBe(0);
    expect(report.data.specs.map(({ spec_id, files }) => [spec_id, files.map(({ path }) => path)])).toEqual([
      ["SPEC-EMPTY-001", []],
      ["SPEC-MID-001", ["modules/base/core.py", "modules/mid/mid.py", "specs/SPEC-MID-001/00_overview.md"]],
    ]);
    expect(report.data).toMatchObject({
      title: "Agent Standard",
      document: "frameworks/FMWK-100_agent_standard.md",
      packages: ["PKG-T1-MID-001"],
      total_files: 4,
    });
    expect(renderTrace(report)).toContain("SPEC-EMPTY-001 Nothing yet (draft): 0 files");
  });

  test("a spec without a file", async () => {
    const report = await ask(await aChain(), "SPEC-EMPTY-001", "spec");
    expect(report.data).toMatchObject({
      files: [],
      packages: [],
      framework: { framework_id: "FMWK-100", title: "Agent Standard" },
    });
    expect(renderTrace(report)).toContain("No files.");
  });

  test("a spec lists its packages' files, its pack and its artifacts with their verdicts", async () => {
    const { data } = await ask(await aChain(), "SPEC-MID-001", "spec");
    expect(data.packages).toEqual(["PKG-T1-MID-001"]);
    expect(data.files.map(({ path, verdict, package: owner }) => [path, verdict, owner])).toEqual([
      ["modules/base/core.py", "match", "PKG-T0-BASE-001"],
      ["modules/mid/mid.py", "match", "PKG-T1-MID-001"],
      ["specs/SPEC-MID-001/00_overview.md", "source", null],
    ]);
  });

  test("a spec pack that is not registered yet is explained from its manifest.yaml", async () => {
    const on = await aChain();
    on.write(
      "specs/SPEC-NEW-001/manifest.yaml",
      'spec_id: SPEC-NEW-001\ntitle: "New"\nframework_id: FMWK-100\n',
    );
    expect((await ask(on, "SPEC-NEW-001", "spec")).data).toMatchObject({
      title: "New",
      status: "not registered",
      registered: false,
    });
    on.write("specs/SPEC-NEW-001/manifest.yaml", "a: [");
    expect(codes(await ask(on, "SPEC-NEW-001", "spec"))).toEqual(["TRACE_SPEC_UNREADABLE"]);
  });

  test("an artifact comes with its file, what it needs and who needs it", async () => {
    const on = await aChain();
    const { data } = await ask(on, "LIB-CORE", "artifact");
    expect(data).toMatchObject({
      purpose: "The registered purpose",
      spec_id: "SPEC-MID-001",
      dependents: ["SCRIPT-USER"],
    });
    expect(data.file).toMatchObject({
      path: "modules/base/core.py",
      verdict: "match",
      ownership: { package: "PKG-T0-BASE-001" },
    });
    expect((await ask(on, "SCRIPT-USER", "artifact")).data.dependencies).toEqual([
      { id: "LIB-CORE", known: true },
      { id: "LIB-GONE", known: false },
    ]);
  });
});

describe("explain() of files and folders", () => {
  test("an owned file: owner, chain, bytes, why, docstring and public functions", async () => {
    const on = await aChain();
    const report = await ask(on, "modules/mid/mid.py", "file");
    const { data } = report;
    expect(traceExitCode(report)).toBe(0);
    expect(data).toMatchObject({
      exists: true,
      ownership: {
        package: "PKG-T1-MID-001",
        spec_id: "SPEC-MID-001",
        spec_title: "The middle",
        framework_id: "FMWK-100",
        framework_title: "Agent Standard",
      },
      hash: { verified: true },
      verdict: "match",
      classification: "code",
      origin: "created",
      installed: { installed_by: "alice", generation: 3 },
      why: { chains: [["PKG-T2-TOP-001", "PKG-T1-MID-001"]] },
      dependents: ["PKG-T2-TOP-001"],
      docstring: "In the middle.",
      functions: [],
    });
    expect((await ask(on, "modules/base/core.py", "file")).data).toMatchObject({
      artifact_id: "LIB-CORE",
      functions: [
        { name: "build", purpose: "Builds the plan." },
        { name: "Engine.run", purpose: "Runs it." },
      ],
    });
  });

  test("Python that cannot be parsed, or no Python at all, is said and costs nothing else", async () => {
    const on = await aChain();
    on.write("modules/mid/mid.py", "def (");
    expect(codes(await ask(on, "modules/mid/mid.py", "file"))).toEqual([
      "TRACE_FILE_DRIFT",
      "TRACE_OUTLINE_LEFT_OUT",
    ]);
    const run: typeof on.effects.subprocess.run = () => Promise.reject(new Error("no such program"));
    const report = await explain({ ...on.effects, subprocess: { run } }, on.plane, "modules/base/core.py");
    expect(report.findings).toMatchObject([{ code: "TRACE_OUTLINE_LEFT_OUT", severity: "info" }]);
    expect(report.data).toMatchObject({ verdict: "match", functions: [] });
  });

  test("an owned file that is missing is still explained", async () => {
    const on = await aChain();
    rmSync(`${on.root}/modules/mid/mid.py`);
    const report = await ask(on, "modules/mid/mid.py", "file");
    expect(report.data).toMatchObject({
      exists: false,
      verdict: "missing",
      ownership: { package: "PKG-T1-MID-001" },
    });
    expect(codes(report)).toEqual(["TRACE_FILE_MISSING"]);
  });

  test("source, unowned and ungoverned files are told apart", async () => {
    const on = await aChain();
    on.write("lib/stray.py", "x = 1\n");
    on.write("notes.txt", "mine");
    const source = await ask(on, "modules/wants/source.py", "file");
    expect(source.data).toMatchObject({ verdict: "source", ownership: null, source_of: "PKG-T1-WANTS-001" });
    expect(source.findings).toEqual([]);
    const unowned = await ask(on, "lib/stray.py", "file");
    expect([unowned.data.verdict, codes(unowned)]).toEqual(["unowned", ["TRACE_FILE_UNOWNED"]]);
    expect((await ask(on, "notes.txt", "file")).data).toMatchObject({ verdict: null, ownership: null });
    expect((await ask(on, "installed/PKG-T0-BASE-001/receipt.json", "file")).data.role).toBe(
      "receipt of PKG-T0-BASE-001",
    );
  });

  test("a path may be plane-relative, absolute, with a leading slash, or relative to the working directory", async () => {
    const on = await aChain({ cwd: "modules/top" });
    for (const subject of [
      "modules/top/top.md",
      "./modules/top/top.md",
      `${on.root}/modules/top/top.md`,
      "/modules/top/top.md",
      "top.md",
      "../top/top.md",
    ]) {
      expect((await ask(on, subject, "file")).data.path, subject).toBe("modules/top/top.md");
    }
  });

  test("a name that fits two paths is answered for the plane's and says so", async () => {
    const on = await aChain({ cwd: "modules/top" });
    on.write("top.md", "x = 1\n");
    const report = await ask(on, "top.md", "file");
    expect(report.data.path).toBe("top.md");
    expect(report.findings).toMatchObject([{ code: "TRACE_PATH_AMBIGUOUS", path: "modules/top/top.md" }]);
  });

  test("a link is never followed", async () => {
    const on = await aChain();
    symlinkSync("/etc", `${on.root}/lib`);
    expect((await ask(on, "lib/passwd", "unknown")).found).toBe(false);
    expect((await ask(on, "lib", "file")).data).toMatchObject({
      kind: "symlink",
      hash: { current: null },
      verdict: "unowned",
    });
  });

  test("a file that only the ownership registry knows has its recorded digest compared", async () => {
    const on = new TestPlane();
    on.write("lib/old.py", "x = 1\n");
    on.rows("file_ownership", {
      file_path: "lib/old.py",
      owner_package_id: "PKG-BASELINE-HO3-000",
      sha256: `sha256:${sha256Hex("x = 1\n")}`,
      classification: "code",
    });
    expect((await ask(on, "lib/old.py", "file")).data).toMatchObject({
      verdict: "match",
      installed: null,
      ownership: { package: "PKG-BASELINE-HO3-000" },
    });
  });

  test("a launcher belongs to the plane itself, and is missed when it is gone", async () => {
    const on = await aChain();
    on.write("lib/launch.py", "run = 1\n");
    const launchers = new Map([["lib/launch.py", sha256Hex("run = 1\n")]]);
    const look = (subject: string) => explain(on.effects, on.plane, subject, { launchers });
    expect((await look("lib/launch.py")).data).toMatchObject({
      verdict: "match",
      role: "launcher of this plane",
      why: null,
    });
    expect((await look("lib")).data).toMatchObject({ packages: [{ package: "holdfast", file_count: 1 }] });
    expect((await inventory(on.effects, on.plane, { launchers })).orphans).toEqual([]);
    rmSync(`${on.root}/lib/launch.py`);
    const gone = await look("lib/launch.py");
    expect(gone.data).toMatchObject({ verdict: "missing" });
    expect(gone.findings[0]?.next_step).toContain("integrity-check --fix");
  });

  test("a folder lists what is owned below it", async () => {
    const on = await aChain();
    const { data } = await ask(on, "modules/base/", "directory");
    expect(data.packages).toEqual([{ package: "PKG-T0-BASE-001", file_count: 2 }]);
    expect(data.files.map(({ path }) => path)).toEqual(["modules/base/__init__.py", "modules/base/core.py"]);
    expect((await ask(on, ".", "directory")).data).toMatchObject({ path: ".", total_files: 4 });
  });
});

describe("explain() of digests, ledger entries and transactions", () => {
  test("an asset digest, an archive digest, a manifest hash", async () => {
    const on = await aChain();
    const asset = (await ask(on, "modules/mid/mid.py", "file")).data.hash.recorded ?? "";
    expect((await ask(on, asset.toUpperCase().replace("SHA256", "sha256"), "digest")).data.matches).toEqual([
      {
        kind: "asset",
        path: "modules/mid/mid.py",
        package: "PKG-T1-MID-001",
        recorded_in: "installed/PKG-T1-MID-001/receipt.json",
        verified: true,
      },
    ]);
    const archive = await ask(on, sha256Hex("archive of PKG-T1-MID-001"), "digest");
    expect(archive.data.matches.map(({ kind, path, verified }) => [kind, path, verified])).toEqual([
      ["archive", null, null],
      ["archive", "packages_store/PKG-T1-MID-001-1.2.0.tar.gz", true],
      ["ledger_mention", null, null],
    ]);
    const manifest = (await ask(on, "PKG-T1-MID-001", "package")).data.receipts[0]?.manifest_hash ?? "";
    expect((await ask(on, manifest, "digest")).data.matches).toMatchObject([
      { kind: "manifest", package: "PKG-T1-MID-001" },
    ]);
    expect((await ask(on, sha256Hex("tar of PKG-T1-MID-001"), "digest")).data.matches).toMatchObject([
      { kind: "content" },
    ]);
  });

  test("bytes that no longer have their recorded digest are not called verified", async () => {
    const on = await aChain();
    const asset = (await ask(on, "modules/mid/mid.py", "file")).data.hash.recorded ?? "";
    on.write("modules/mid/mid.py", "other");
    expect((await ask(on, asset, "digest")).data.matches).toMatchObject([{ kind: "asset", verified: false }]);
  });

  test("a ledger entry by id and by hash, with its neighbours and its hash recomputed", async () => {
    const on = await aChain();
    const [first, second] = await on.append(
      "ledger/packages.jsonl",
      entry("ONE", "x", { transaction_id: "TX-1" }),
      entry("TWO", "y"),
    );
    const report = await ask(on, first?.id ?? "", "ledger_entry");
    expect(report.data).toMatchObject({
      event: "ONE",
      line: 5,
      stream: "ledger/packages.jsonl",
      hash_verified: true,
      covered: true,
      entries_count: 6,
      transaction_id: "TX-1",
      chain: { previous: { line: 4, event: "INSTALLED" }, next: { line: 6, id: second?.id, event: "TWO" } },
    });
    expect((await ask(on, second?.entry_hash ?? "", "ledger_entry")).data).toMatchObject({
      event: "TWO",
      chain: { next: null },
    });
  });

  test("an edited ledger line is found out, and a break elsewhere is told apart", async () => {
    const on = await aChain();
    const path = `${on.root}/ledger/packages.jsonl`;
    const [one, two] = await on.append("ledger/packages.jsonl", entry("ONE", "victim"), entry("TWO", "y"));
    writeFileSync(path, readFileSync(path, "utf8").replace("victim ONE", "Victim ONE"));
    const edited = await ask(on, one?.id ?? "", "ledger_entry");
    expect(edited.data).toMatchObject({ hash_verified: false, covered: false, in_tree: false });
    expect(edited.findings[0]).toMatchObject({ severity: "error", line: 5 });
    const other = await ask(on, two?.id ?? "", "ledger_entry");
    expect(other.data).toMatchObject({ hash_verified: true });
    expect(other.findings.map(({ line }) => line)).toEqual([5]);
  });

  test("bytes after the last newline are not an entry", async () => {
    const on = await aChain();
    const [written] = await on.append("ledger/packages.jsonl", entry("ONE", "x"));
    appendFileSync(
      `${on.root}/ledger/packages.jsonl`,
      JSON.stringify({ ...written, id: `LED-${"a".repeat(32)}` }),
    );
    expect((await ask(on, `LED-${"a".repeat(32)}`, "unknown")).found).toBe(false);
  });

  test("a transaction: who, what it came to, and what of it is still in force", async () => {
    const on = await aChain();
    const { data } = await ask(on, "TX-20260301T100000-0011223344556677", "transaction");
    expect(data).toMatchObject({
      outcome: "INSTALLED",
      user: "alice",
      generation: 3,
      packages: ["PKG-T0-BASE-001", "PKG-T1-MID-001"],
    });
    expect(data.entries.map(({ event }) => event)).toEqual(["INSTALLED", "INSTALLED"]);
    expect(data.receipts).toHaveLength(2);
  });
});
