/** Coming in, with the real programs: pip's own site-packages, and a Python control plane. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Inventory } from "../../src/lifecycle/index.ts";
import { makePlane, type PlaneUnderTest, runProgram } from "../support/cli.ts";
import { pythonPlane } from "../support/python-plane.ts";
import { picture, temporaryFolder } from "../support/tree.ts";
import { checked, digests, ok } from "./scenes.ts";

/** A plane with a fresh virtual environment in it; returns where its packages lie, plane-relative. */
function planeWithPip(): { plane: PlaneUnderTest; site: string } {
  const plane = makePlane();
  execFileSync("python3", ["-m", "venv", join(plane.root, "venv")], { env: { PATH: process.env["PATH"] } });
  const lib = `venv/lib/${readdirSync(join(plane.root, "venv/lib"))[0]}`;
  return { plane, site: `${lib}/site-packages` };
}

interface Adopted {
  readonly inventory: Inventory;
  readonly taken: {
    readonly packages: readonly { readonly package_id: string; readonly files: number }[];
  } | null;
}

describe("pip's own site-packages", () => {
  test("is inventoried, adopted, tampered with, found, restored and released with every byte and mode as before", () => {
    const { plane, site } = planeWithPip();
    const before = digests(picture(join(plane.root, "venv")));
    const now = (): Record<string, string> => digests(picture(join(plane.root, "venv")));

    const listed = ok(plane, "pkg", "adopt", site, "--json").json() as Adopted;
    const pip = listed.inventory.entries.find(({ name }) => name === "pip");
    expect(pip).toMatchObject({ kind: "python", mismatched: [], phantom: [], governed_by: null });
    expect(pip?.files.length).toBeGreaterThan(300);
    expect(pip?.verified_count).toBe((pip?.files.length ?? 0) - (pip?.unverified_count ?? 0));
    expect(listed.inventory.findings.map(({ code }) => code)).toContain("RECORD_PATH_OUTSIDE");
    expect(listed.taken).toBeNull();
    expect(now()).toEqual(before);

    const taken = ok(plane, "pkg", "adopt", site, "--take", "pip", "--json").json() as Adopted;
    expect(taken.taken?.packages).toMatchObject([{ package_id: "PKG-PIP-001", files: pip?.files.length }]);
    expect(now()).toEqual(before);
    expect(checked(plane)).toMatchObject({ status: 0, errors: [] });
    expect(plane.pkg("adopt", site).stdout).toContain("governed by PKG-PIP-001");

    const [init, main] = [
      join(plane.root, site, "pip/__init__.py"),
      join(plane.root, site, "pip/__main__.py"),
    ];
    writeFileSync(init, `${readFileSync(init, "utf8")}# tampered\n`);
    rmSync(main);
    const found = checked(plane);
    expect(found.status).toBe(1);
    expect(found.find("FILE_DRIFT")).toMatchObject({
      path: `${site}/pip/__init__.py`,
      package_id: "PKG-PIP-001",
    });
    expect(found.find("FILE_MISSING")).toMatchObject({ path: `${site}/pip/__main__.py` });
    ok(plane, "integrity-check", "--fix");
    expect(now()).toEqual(before);
    expect(plane.run(join(plane.root, "venv/bin/python"), ["-B", "-m", "pip", "--version"]).status).toBe(0);

    const released = ok(plane, "pkg", "uninstall", "PKG-PIP-001");
    expect(released.stdout).toContain(`${pip?.files.length} released as they lie`);
    expect(now()).toEqual(before);
    expect(existsSync(join(plane.root, "installed/PKG-PIP-001"))).toBe(false);
  });

  test("exit codes: listed 0, strict with an error 1, nothing recognised 1, refused 3, no such folder 2", () => {
    const plane = makePlane();
    const put = (path: string, text: string): void => {
      mkdirSync(join(plane.root, "plugins/guard"), { recursive: true });
      writeFileSync(join(plane.root, "plugins/guard", path), text);
    };
    put(
      "plugin.json",
      '{"name": "guard", "version": "1.0.0", "hooks": {"SessionStart": [{"command": "run"}]}}',
    );
    symlinkSync("/etc", join(plane.root, "plugins/guard/etc"));
    mkdirSync(join(plane.root, "plugins/nothing_named-1.0.dist-info"));
    const listed = plane.pkg("adopt", "plugins");
    expect(listed.status).toBe(0);
    for (const line of listed.stdout.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
    rmSync(join(plane.root, "plugins/nothing_named-1.0.dist-info"), { recursive: true });
    const strict = plane.pkg("adopt", "plugins", "--strict");
    expect(strict.status).toBe(1);
    expect(strict.stdout).toContain("[HOOK_AT_START]");
    expect(plane.pkg("adopt", "registries").status).toBe(1);
    const refused = plane.pkg("adopt", "plugins", "--all");
    expect(refused.status).toBe(3);
    const [, codes = ""] = /--accept (\S+)/.exec(refused.stderr) ?? [];
    expect(codes).toBe("HOOK_AT_START,SYMLINK_OUTSIDE");
    expect(plane.pkg("adopt", "nowhere").status).toBe(2);
    expect(plane.pkg("adopt", "plugins", "--all", "--take", "guard").status).toBe(2);
    expect(plane.pkg("adopt", "plugins", "--all", "--accept", "NO_SUCH").status).toBe(2);
    // The next step works when pasted.
    ok(plane, "pkg", "adopt", "plugins", "--all", "--accept", codes);
    expect(checked(plane)).toMatchObject({ status: 0 });
  });

  test("a folder is inventoried without any plane; the refusal to take says how to make one around it", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "agent/plugins/guard"), { recursive: true });
    writeFileSync(join(folder, "agent/plugins/guard/plugin.json"), '{"name": "guard", "version": "1.0.0"}');
    const env = { PATH: process.env["PATH"] ?? "", HOME: folder, HOLDFAST_HOME: join(folder, "keys") };
    expect(runProgram("pkg", ["adopt", "agent/plugins"], { cwd: folder, env }).status).toBe(0);
    const plane = makePlane();
    const refused = plane.pkg("adopt", join(folder, "agent/plugins"), "--all");
    expect([refused.status, refused.stderr.includes("ADOPT_OUTSIDE_PLANE")]).toEqual([3, true]);
    const steps = [...refused.stderr.matchAll(/"pkg ([^"…]+)…?[^"]*"/g)].map(([, words = ""]) =>
      words.trim().split(" "),
    );
    expect(steps.map(([name]) => name)).toEqual(["init", "adopt"]);
    const made = runProgram("pkg", [...(steps[0] ?? []), "--json"], { cwd: folder, env });
    const { token_file } = made.json() as { token_file: string };
    const done = runProgram("pkg", [...(steps[1] ?? []), "--all", "--token-file", token_file], {
      cwd: folder,
      env,
    });
    expect(done.stderr + done.stdout).toContain("PKG-GUARD-001");
    expect(done.status).toBe(0);
  });
});

test("a Python control plane comes in with one command and is checked with the next", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "old"));
  pythonPlane(join(folder, "old"));
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder, HOLDFAST_HOME: join(folder, "keys") };
  const pkg = (...args: string[]) => runProgram("pkg", args, { cwd: folder, env });
  const dry = pkg("init", "new", "--import", "old", "--dry-run", "--json");
  expect([dry.status, existsSync(join(folder, "new"))]).toEqual([0, false]);
  const done = pkg("init", "new", "--import", "old", "--json");
  expect(done.status, done.stderr).toBe(0);
  const { imported, token_file } = done.json() as {
    token_file: string;
    imported: { packages: { package_id: string }[]; findings: { severity: string }[] };
  };
  expect(imported.packages).toHaveLength(5);
  const root = join(folder, "new");
  expect(runProgram("pkg", ["ledger", "verify", "--root", root], { cwd: folder, env }).status).toBe(0);
  const report = runProgram("integrity-check", ["--json", "--root", root], { cwd: folder, env }).json() as {
    findings: { severity: string; code: string }[];
  };
  const errors = report.findings.filter(({ severity }) => severity === "error").map(({ code }) => code);
  expect(errors.sort()).toEqual(["FILE_UNOWNED", "REGISTRY_DEPENDENCY_MISSING", "STORE_UNKNOWN"]);
  const explained = runProgram("trace", ["--explain", "PKG-T0-EVIDENCE-001", "--root", root], {
    cwd: folder,
    env,
  });
  expect(explained.stdout).toMatch(/digest\s+verified/);
  const token = ["--token-file", token_file, "--root", root];
  expect(pkg("uninstall", "PKG-T1-RUNTIME-001", ...token).status).toBe(0);
  expect(pkg("init", "again", "--import", "old", "--strict").status).toBe(1);
  expect(pkg("init", "third", "--import", "new").stderr).toContain("IMPORT_SOURCE_REFUSED");
});
