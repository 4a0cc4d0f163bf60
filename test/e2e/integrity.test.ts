/** What `integrity-check` must never call healthy, what it must not complain of, and what `--fix` puts right. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makePlane, type PlaneUnderTest, runProgram } from "../support/cli.ts";
import { picture, temporaryFolder } from "../support/tree.ts";
import { checked, EVIDENCE, evidencePlane, ok, planesLike, put, steadyTree } from "./scenes.ts";

const REGISTRY = "registries/packages_registry.csv";
const HASHING = "modules/stdlib_evidence/hashing.py";

const planeWithEvidence = planesLike(evidencePlane);

/** A change to a healthy plane must be found under this code, with exit 1; returns the finding. */
function found(plane: PlaneUnderTest, code: string): Record<string, unknown> {
  const { status, report, errors, find } = checked(plane);
  expect({ status, healthy: report.healthy }, errors.join(" ")).toEqual({ status: 1, healthy: false });
  expect(errors).toContain(code);
  return { ...find(code) };
}

describe("a check that saw nothing fails", () => {
  test("an empty registry is not healthy: new plane, header only, no bytes, no file", () => {
    expect(found(makePlane(), "REGISTRY_EMPTY")).toMatchObject({ path: REGISTRY });
    const plane = planeWithEvidence();
    const path = join(plane.root, REGISTRY);
    const bytes = readFileSync(path);
    expect(checked(plane)).toMatchObject({ status: 0, errors: [] });
    writeFileSync(path, bytes.subarray(0, bytes.indexOf("\n") + 1));
    expect(found(plane, "REGISTRY_EMPTY")).toMatchObject({ path: REGISTRY });
    for (const damage of [() => writeFileSync(path, ""), () => rmSync(path)]) {
      damage();
      const { status, report } = checked(plane);
      expect([status, report.healthy]).toEqual([1, false]);
      expect(report.findings.find((finding) => finding.path === REGISTRY)?.severity).toBe("error");
    }
    writeFileSync(path, bytes);
    expect(checked(plane)).toMatchObject({ status: 0, errors: [] });
  });

  test("a plane that is not there: exit 2, healthy false, the whole report", () => {
    const env = { PATH: process.env["PATH"] ?? "", HOLDFAST_HOME: temporaryFolder() };
    const done = runProgram("integrity-check", ["--json", "--root", "/nonexistent"], { cwd: "/", env });
    expect(done.status).toBe(2);
    expect(done.json()).toMatchObject({
      healthy: false,
      verified_count: 0,
      counts: { total: 0 },
      error: { code: "PLANE_NOT_FOUND" },
    });
    const text = runProgram("integrity-check", ["--root", "/nonexistent"], { cwd: "/", env });
    expect(text.status).toBe(2);
    expect(text.stdout + text.stderr).toContain("PLANE_NOT_FOUND");
  });

  test("without a ledger stream, or with nothing in it", () => {
    const plane = planeWithEvidence();
    for (const stream of [
      "ledger/packages.jsonl",
      "ledger/governance.jsonl",
      "planes/ho1/ledger/worker.jsonl",
    ]) {
      const path = join(plane.root, stream);
      const bytes = readFileSync(path);
      truncateSync(path, 0);
      expect(found(plane, "LEDGER_TAIL_CUT")).toMatchObject({ path: stream });
      rmSync(path);
      expect(found(plane, "LEDGER_MISSING")).toMatchObject({ path: stream });
      writeFileSync(path, bytes);
    }
  });

  test("without the registries, the receipts or the plane's own configuration", () => {
    const plane = planeWithEvidence();
    for (const path of ["registries", "installed", "ledger", `installed/${EVIDENCE}/receipt.json`]) {
      renameSync(join(plane.root, path), join(plane.root, "away"));
      const { status, report } = checked(plane);
      expect([path, status, report.healthy]).toEqual([path, 1, false]);
      renameSync(join(plane.root, "away"), join(plane.root, path));
    }
    renameSync(join(plane.root, "config/plane.toml"), join(plane.root, "away"));
    expect(checked(plane)).toMatchObject({ status: 2, report: { healthy: false } });
  });

  test("a receipt that vouches for other bytes is not believed", () => {
    const plane = planeWithEvidence();
    const path = join(plane.root, `installed/${EVIDENCE}/receipt.json`);
    const receipt = JSON.parse(readFileSync(path, "utf8")) as { files: { path: string; sha256: string }[] };
    put(plane, HASHING, "print('changed, receipt too')\n");
    const sha256 = plane.run("sha256sum", [HASHING]).stdout.slice(0, 64);
    for (const file of receipt.files) if (file.path === HASHING) file.sha256 = `sha256:${sha256}`;
    writeFileSync(path, JSON.stringify(receipt));
    expect(checked(plane)).toMatchObject({ status: 1, report: { healthy: false } });
  });
});

describe("files", () => {
  test("bytes, executable bit, absence, a link in a file's place", () => {
    const plane = planeWithEvidence();
    const path = join(plane.root, HASHING);
    const bytes = readFileSync(path);
    writeFileSync(path, Buffer.concat([bytes, Buffer.from("#")]));
    expect(found(plane, "FILE_DRIFT")).toMatchObject({ path: HASHING, package_id: EVIDENCE });
    writeFileSync(path, bytes);
    chmodSync(path, 0o755);
    expect(found(plane, "FILE_DRIFT")).toMatchObject({ path: HASHING });
    rmSync(path);
    expect(found(plane, "FILE_MISSING")).toMatchObject({ path: HASHING });
    writeFileSync(join(plane.home, "same bytes.py"), bytes);
    symlinkSync(join(plane.home, "same bytes.py"), path);
    const { status, report } = checked(plane);
    expect([status, report.healthy]).toEqual([1, false]);
    expect(report.paths).toContainEqual(expect.objectContaining({ path: HASHING, verdict: "drift" }));
  });

  test("a folder of a package exchanged for a link to the same files", () => {
    const plane = planeWithEvidence();
    renameSync(join(plane.root, "modules/stdlib_evidence"), join(plane.home, "moved"));
    symlinkSync(join(plane.home, "moved"), join(plane.root, "modules/stdlib_evidence"));
    expect(checked(plane)).toMatchObject({ status: 1, report: { healthy: false } });
  });

  test("a file without an owner: a finding in governed folders, none in source trees", () => {
    const plane = planeWithEvidence();
    put(plane, "lib/smuggled.md", "# x\n");
    put(plane, "scripts/extra.py", "print()\n");
    const { report, errors } = checked(plane);
    expect(errors).toEqual(["FILE_UNOWNED"]);
    expect(report.orphans).toEqual(["lib/smuggled.md", "scripts/extra.py"]);
    rmSync(join(plane.root, "lib/smuggled.md"));
    rmSync(join(plane.root, "scripts/extra.py"));
    put(plane, "modules/agent_runtime/draft.py", "print()\n");
    const { status, report: after } = checked(plane, "--orphans");
    expect([status, after.orphan_count]).toEqual([0, 0]);
    expect(after.paths).toContainEqual(
      expect.objectContaining({ path: "modules/agent_runtime/draft.py", verdict: "source" }),
    );
  });

  test("bytecode: what Python makes is cache, what somebody planted is found", () => {
    const plane = planeWithEvidence();
    ok(plane, "python3", "-c", "import modules.stdlib_evidence, modules.stdlib_evidence.pipe");
    const cache = join(plane.root, "modules/stdlib_evidence/__pycache__");
    const names = readdirSync(cache);
    expect(names.length).toBeGreaterThan(2);
    const { status, report } = checked(plane);
    expect([status, report.counts.cache]).toEqual([0, names.length]);

    const name = names.find((one) => one.startsWith("hashing.")) ?? "";
    const honest = readFileSync(join(cache, name));
    const evil = join(temporaryFolder(), "evil.py");
    writeFileSync(evil, "import os\nos.environ['OWNED'] = '1'\n");
    const compiled = plane.run("python3", [
      "-c",
      "import marshal,sys;sys.stdout.buffer.write(marshal.dumps(compile(open(sys.argv[1]).read(),'hashing.py','exec')).hex().encode())",
      evil,
    ]);
    // The honest header (magic, source time and size) with other code behind it: Python runs it without a word.
    writeFileSync(
      join(cache, name),
      Buffer.concat([honest.subarray(0, 16), Buffer.from(compiled.stdout, "hex")]),
    );
    expect(found(plane, "PLANTED_BYTECODE")).toMatchObject({
      path: `modules/stdlib_evidence/__pycache__/${name}`,
    });
    expect(checked(plane).report.counts.cache).toBe(names.length - 1);
    writeFileSync(join(cache, name), honest);
    put(plane, "modules/stdlib_evidence/ghost.pyc", honest);
    expect(found(plane, "PLANTED_BYTECODE")).toMatchObject({ path: "modules/stdlib_evidence/ghost.pyc" });
    rmSync(join(plane.root, "modules/stdlib_evidence/ghost.pyc"));
    put(plane, `modules/stdlib_evidence/__pycache__/${name.replace("hashing", "nosource")}`, honest);
    expect(found(plane, "BYTECODE_UNOWNED")["path"]).toContain("nosource");
  });

  test("drift in code fails, in config is a note, in state is information", () => {
    const plane = makePlane();
    put(
      plane,
      "modules/kinds/holdfast.toml",
      [
        'id = "PKG-T2-KINDS-001"',
        'version = "1.0.0"',
        "classify = [",
        '  { match = "settings.json", as = "config" },',
        '  { match = "memory.json", as = "state" },',
        "]",
        "",
      ].join("\n"),
    );
    for (const name of ["settings.json", "memory.json"]) put(plane, `modules/kinds/${name}`, "{}\n");
    put(plane, "modules/kinds/main.py", "print()\n");
    ok(plane, "pkg", "pack", "--src", "modules/kinds");
    const manifest = ok(plane, "tar", "-xzOf", "packages_store/PKG-T2-KINDS-001.tar.gz", "manifest.json");
    const classes = (manifest.json() as { assets: { path: string; classification: string }[] }).assets.map(
      ({ path, classification }) => [path.split("/").at(-1), classification],
    );
    expect(Object.fromEntries(classes)).toMatchObject({
      "settings.json": "config",
      "memory.json": "state",
      "main.py": "code",
    });
    ok(plane, "pkg", "install", "PKG-T2-KINDS-001");
    put(plane, "modules/kinds/memory.json", '{"learnt": 1}\n');
    put(plane, "modules/kinds/settings.json", '{"colour": "red"}\n');
    const { status, report } = checked(plane);
    expect([status, report.counts.drift]).toEqual([0, 2]);
    const drifted = report.findings.filter(({ code }) => code === "FILE_DRIFT");
    expect(drifted.map(({ path, severity }) => [path, severity])).toEqual([
      ["modules/kinds/settings.json", "note"],
      ["modules/kinds/memory.json", "info"],
    ]);
    ok(plane, "integrity-check", "--fix");
    expect(readFileSync(join(plane.root, "modules/kinds/settings.json"), "utf8")).toContain("red");
    put(plane, "modules/kinds/main.py", "print(1)\n");
    expect(found(plane, "FILE_DRIFT")).toMatchObject({ path: "modules/kinds/main.py" });
  });
});

describe("integrity-check --fix", () => {
  test("restores bytes, modes, links and launchers, keeps what lay there, and is healthy afterwards", () => {
    const plane = planeWithEvidence();
    const before = steadyTree(plane);
    const path = join(plane.root, HASHING);
    writeFileSync(path, "print('evil')\n");
    chmodSync(join(plane.root, "modules/stdlib_evidence/pipe.py"), 0o755);
    rmSync(join(plane.root, "modules/stdlib_evidence/README.md"));
    const linked = "modules/stdlib_evidence/evidence.py";
    writeFileSync(join(plane.home, "copy"), readFileSync(join(plane.root, linked)));
    rmSync(join(plane.root, linked));
    symlinkSync(join(plane.home, "copy"), join(plane.root, linked));
    put(plane, "scripts/trace.py", "print('not trace')\n");
    const damaged = picture(plane.root);
    const dry = plane.run("integrity-check", ["--fix", "--dry-run", "--json"]);
    expect(dry.status).toBe(1);
    const wanted = [HASHING, linked, "modules/stdlib_evidence/pipe.py", "modules/stdlib_evidence/README.md"];
    const restored = (dry.json() as { repair: { restored: { path: string }[] } }).repair.restored;
    expect(restored.map((one) => one.path).sort()).toEqual([...wanted, "scripts/trace.py"].sort());
    expect(picture(plane.root)).toEqual(damaged);

    const fixed = plane.run("integrity-check", ["--fix", "--json"]);
    expect(fixed.status, fixed.stdout + fixed.stderr).toBe(0);
    // The log is brought up to the entry that records the repair before it is looked at.
    expect(fixed.json()).toMatchObject({ healthy: true, findings: [], repair: { dry_run: false } });
    expect(steadyTree(plane)).toEqual(before);
    const kept = (fixed.json() as { repair: { kept_in: string } }).repair.kept_in;
    expect(readFileSync(join(plane.root, kept, HASHING), "utf8")).toBe("print('evil')\n");
    expect(readFileSync(join(plane.root, kept, "scripts/trace.py"), "utf8")).toContain("not trace");
    expect(readFileSync(join(plane.home, "copy")).length).toBeGreaterThan(0);
  });

  test("needs a token, and refuses when the store no longer holds the bytes", () => {
    const plane = planeWithEvidence();
    put(plane, HASHING, "print('evil')\n");
    const { HOLDFAST_TOKEN: _token, ...env } = plane.env;
    const without = plane.run("integrity-check", ["--fix", "--json"], { env });
    expect([without.status, without.json().healthy]).toEqual([3, false]);
    expect(without.json().error.code).toBe("AUTH_TOKEN_MISSING");
    expect(readFileSync(join(plane.root, HASHING), "utf8")).toBe("print('evil')\n");
    for (const name of readdirSync(join(plane.root, "packages_store")))
      rmSync(join(plane.root, "packages_store", name));
    const empty = plane.run("integrity-check", ["--fix", "--json"]);
    expect([empty.status, empty.json().error.code]).toEqual([4, "RESTORE_SOURCE_MISSING"]);
    expect(readFileSync(join(plane.root, HASHING), "utf8")).toBe("print('evil')\n");
  });

  test("does not write through a link that replaced a package's folder", () => {
    const plane = planeWithEvidence();
    const outside = join(plane.home, "outside");
    mkdirSync(outside);
    rmSync(join(plane.root, "modules/stdlib_evidence"), { recursive: true });
    symlinkSync(outside, join(plane.root, "modules/stdlib_evidence"));
    const done = plane.run("integrity-check", ["--fix", "--json"]);
    expect(done.status).toBe(3);
    expect(done.json().error.code).toBe("PATH_THROUGH_LINK");
    expect(readdirSync(outside)).toEqual([]);
    expect(existsSync(join(plane.root, ".holdfast/state/plane.lock"))).toBe(true);
  });
});
