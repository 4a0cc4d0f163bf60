import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { compareCodePoints } from "../../src/kernel/index.ts";
import { makePlane, type PlaneUnderTest, type Ran, startProgram } from "../support/cli.ts";
import { packageToml } from "../support/library-plane.ts";
import { picture, writeTree } from "../support/tree.ts";
import { ok, planesLike } from "./scenes.ts";

const A = "PKG-T1-A-001";

/** All but ledgers, caches, and the journal's own folders. */
const governed = ({ root }: PlaneUnderTest): Record<string, string> =>
  picture(root, (path) => /^(ledger|planes\/ho[12]\/ledger|\.holdfast|source)$/.test(path));

function packVersions(
  plane: PlaneUnderTest,
  id: string,
  versions: Record<string, Record<string, string>>,
): void {
  for (const [version, files] of Object.entries(versions)) {
    const source = join(plane.root, "..", "source");
    rmSync(source, { recursive: true, force: true });
    const toml =
      files["holdfast.toml"] ??
      packageToml(id, { target: `modules/${id.split("-")[2]?.toLowerCase()}`, version });
    writeTree(source, { ...files, "holdfast.toml": toml });
    ok(plane, "pkg", "pack", "--src", source);
  }
}

const health = (checks: readonly Record<string, unknown>[]): string =>
  checks
    .map(
      (check) =>
        `\n[[health.checks]]\n${Object.entries(check)
          .map(([key, value]) => `${key} = ${JSON.stringify(value)}`)
          .join("\n")}\n`,
    )
    .join("");

/** 1.0.0 installed and healthy, 1.1.0 in the store. */
const plane = planesLike((folder) => {
  const made = makePlane({ folder });
  const toml = (version: string) =>
    packageToml(A, { target: "modules/a", version }) +
    health([{ id: "imports", kind: "import", module: "a.core" }]);
  packVersions(made, A, {
    "1.0.0": {
      "holdfast.toml": toml("1.0.0"),
      "core.py": "A = 1\n",
      "old.py": "OLD = 1\n",
      "settings.ini": "k = 1\n",
    },
    "1.1.0": {
      "holdfast.toml": toml("1.1.0"),
      "core.py": "A = 2\n",
      "new.py": "NEW = 1\n",
      "settings.ini": "k = 2\n",
    },
  });
  ok(made, "pkg", "install", `${A}@1.0.0`);
  return made;
});

const failing = (on: PlaneUnderTest, failpoints: string, ...args: string[]): Ran =>
  on.run("pkg", args, { env: { ...on.env, HOLDFAST_FAILPOINTS: failpoints } });

interface Entry {
  event_type: string;
  metadata: { phase?: string; code?: string; timeline?: { phase: string }[] };
  reason: string;
}
const lastEntry = (on: PlaneUnderTest): Entry =>
  JSON.parse(readFileSync(join(on.root, "ledger/packages.jsonl"), "utf8").trim().split("\n").at(-1) ?? "");

describe("a forced failure in each phase of an update", () => {
  test.each(["download", "verify", "dependency-prepare", "activate", "health-check"])("%s", (phase) => {
    const on = plane();
    const before = governed(on);
    const done = failing(on, `phase.${phase}=error:EIO`, "update", A, "--json");
    expect(done.status, done.stdout + done.stderr).toBe(6);
    expect(done.stderr).not.toContain("never reached");
    const { error } = done.json();
    expect(error).toMatchObject({ code: "TRANSACTION_FAILED", details: { phase, cause: null } });
    expect(error.next_step).toContain('"pkg doctor"');
    expect(governed(on)).toEqual(before);
    expect(lastEntry(on)).toMatchObject({ event_type: "ROLLED_BACK", metadata: { phase } });
    const [newest] = ok(on, "pkg", "history", A, "--json").json().events;
    expect(newest).toMatchObject({ event: "ROLLED_BACK", phase });
    expect(newest.reason).toContain("EIO");
    // Before that nobody has looked which version it will be.
    if (phase === "activate" || phase === "health-check")
      expect(newest).toMatchObject({
        version: "1.1.0",
        from_version: "1.0.0",
        attempted: [{ package_id: A, version: "1.1.0", from_version: "1.0.0" }],
      });
    expect(ok(on, "integrity-check", "--json").json().healthy).toBe(true);
    ok(on, "pkg", "update", A);
    expect(readFileSync(join(on.root, "modules/a/core.py"), "utf8")).toBe("A = 2\n");
  });

  test("a command that was killed is put back by recovery, which knows the versions too", () => {
    const on = plane();
    failing(on, "phase.health-check=kill", "update", A);
    const [newest] = ok(on, "pkg", "history", A, "--json").json().events;
    expect(newest).toMatchObject({
      event: "ROLLED_BACK",
      code: "INTERRUPTED",
      version: "1.1.0",
      from_version: "1.0.0",
    });
    failing(on, "phase.health-check=kill", "rollback", A, "--generation", "0");
    failing(on, "phase.commit=error:EIO", "uninstall", A);
    const events = ok(on, "pkg", "history", A, "--json").json().events;
    expect(events[0]).toMatchObject({ event: "ROLLED_BACK", version: null, from_version: "1.0.0" });
  });

  test("a health check that fails says so in one line and leaves 1.0.0", () => {
    const on = plane();
    packVersions(on, A, {
      "1.2.0": {
        "holdfast.toml":
          packageToml(A, { target: "modules/a", version: "1.2.0" }) +
          health([{ id: "imports", kind: "import", module: "a.core" }]),
        "core.py": "import os\nos.abort()\n",
      },
    });
    const before = governed(on);
    const done = on.pkg("update", A);
    expect(done.status).toBe(6);
    expect(failing(on, "", "update", A, "--json").json().error.details.cause_code).toBe("UNHEALTHY");
    expect(done.stderr).toContain('Rolled back to 1.0.0 because health-check "imports" of');
    expect(governed(on)).toEqual(before);
    expect(lastEntry(on)).toMatchObject({ event_type: "ROLLED_BACK", metadata: { phase: "health-check" } });
  });
});

describe("rollback needs nothing", () => {
  test("not the store, and none of the new version's code", () => {
    const on = plane();
    const before = governed(on);
    ok(on, "pkg", "update", A);
    rmSync(join(on.root, "packages_store"), { recursive: true });
    writeFileSync(join(on.root, "modules/a/core.py"), "import os\nos.abort()\n");
    const refused = on.pkg("rollback", A);
    expect(refused.status).toBe(3);
    expect(refused.stderr).toContain("modules/a/core.py");
    const done = ok(on, "pkg", "rollback", A, "--accept-drift", "--json").json();
    expect(done).toMatchObject({ success: true, verified_paths: 4 });
    const without_store = (seen: Record<string, string>) =>
      Object.fromEntries(Object.entries(seen).filter(([path]) => !path.startsWith("packages_store")));
    expect(governed(on)).toEqual(without_store(before));
  });

  test.runIf(process.getuid?.() === 0)("no space: a full tmpfs", () => {
    const mount = join(plane().home, "small");
    mkdirSync(mount, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=12m", "tmpfs", mount]);
    try {
      const small = makePlane({ folder: mount });
      const files = (version: string) =>
        Object.fromEntries(
          Array.from({ length: 200 }, (_, number) => [
            `f${number}.py`,
            `V = "${version}"\n`.repeat(number % 90),
          ]),
        );
      packVersions(small, A, { "1.0.0": files("1.0.0"), "1.1.0": files("1.1.0") });
      ok(small, "pkg", "install", `${A}@1.0.0`);
      const before = governed(small);
      ok(small, "pkg", "update", A);
      fill(mount);
      const done = small.pkg("rollback", A, "--json");
      expect(done.status, done.stdout + done.stderr).toBe(0);
      expect(governed(small)).toEqual(before);
      rmSync(join(mount, "filling"));
      expect(ok(small, "integrity-check", "--json").json().healthy).toBe(true);
    } finally {
      execFileSync("umount", [mount]);
    }
  });
});

function fill(mount: string): void {
  try {
    execFileSync("dd", ["if=/dev/zero", `of=${join(mount, "filling")}`, "bs=4096"], { stdio: "ignore" });
  } catch {
    // It fails when the disk is full, which is what is wanted.
  }
  expect(() => writeFileSync(join(mount, "one-more"), "x".repeat(100_000))).toThrow("ENOSPC");
  rmSync(join(mount, "one-more"), { force: true });
}

describe("a graph of packages", () => {
  const ids = ["PKG-T0-BASE-001", ...["L1", "L2", "L3", "L4"].map((name) => `PKG-T1-${name}-001`)];
  const upper = ["M1", "M2", "M3", "M4", "M5", "M6"].map((name) => `PKG-T2-${name}-001`);
  const top = "PKG-T3-TOP-001";

  /** A diamond over a common base: 1 + 4 + 6 + 1 packages. */
  function graph(on: PlaneUnderTest, broken?: string): void {
    const needs: Record<string, string[]> = { [top]: upper };
    for (const [index, id] of upper.entries())
      needs[id] = [ids[1 + (index % 4)] ?? "", ids[1 + ((index + 1) % 4)] ?? ""];
    for (const id of ids.slice(1)) needs[id] = [ids[0] ?? ""];
    for (const id of [...ids, ...upper, top]) {
      const name = id.split("-")[2]?.toLowerCase() ?? "";
      packVersions(on, id, {
        "1.0.0": {
          "holdfast.toml":
            packageToml(id, {
              target: `modules/${name}`,
              dependencies: (needs[id] ?? []).map((one) => ({ id: one, range: "^1.0.0" })),
            }) + health([{ id: "imports", kind: "import", module: `${name}.core` }]),
          "core.py": id === broken ? "raise SystemExit(3)\n" : `NAME = "${name}"\n`,
        },
      });
    }
  }

  test("twelve packages with a diamond enter in tier order in one transaction", () => {
    const on = makePlane();
    graph(on);
    const done = ok(on, "pkg", "install", top, "--json").json();
    const order = done.packages.map(({ package_id }: { package_id: string }) => package_id);
    expect(order).toHaveLength(12);
    expect(order[0]).toBe("PKG-T0-BASE-001");
    expect(order.at(-1)).toBe(top);
    const tiers = order.map((id: string) => id.split("-")[1]);
    expect(tiers).toEqual([...tiers].sort(compareCodePoints));
    expect(done.package_id).toBe(top);
    expect(ok(on, "integrity-check", "--json").json().healthy).toBe(true);
    expect(ok(on, "pkg", "undo", "--json").json().uninstalled).toHaveLength(12);
  });

  test("one failing health check among them leaves none installed", () => {
    const on = makePlane();
    graph(on, "PKG-T1-L3-001");
    const before = governed(on);
    const done = on.pkg("install", top, "--json");
    expect(done.status, done.stderr).toBe(6);
    expect(done.json().error.message).toContain('health-check "imports" of PKG-T1-L3-001');
    expect(governed(on)).toEqual(before);
    expect(ok(on, "pkg", "status", "--json").json().installed).toEqual([]);
  });

  test("a range nobody can satisfy prints the chain of who wants what", () => {
    const on = makePlane();
    const dependency = (id: string, range: string) => ({ id, range });
    const simple = (id: string, version: string, dependencies: { id: string; range: string }[]) =>
      packVersions(on, id, {
        [version]: {
          "holdfast.toml": packageToml(id, {
            target: `modules/${id.split("-")[2]?.toLowerCase()}`,
            version,
            dependencies,
          }),
          "core.py": `V = "${version}"\n`,
        },
      });
    simple("PKG-T1-LIB-001", "1.4.0", []);
    simple("PKG-T1-LIB-001", "2.1.0", []);
    simple("PKG-T2-TOOL-001", "1.3.0", [dependency("PKG-T1-LIB-001", "^1.0.0")]);
    simple("PKG-T3-APP-001", "1.0.0", [
      dependency("PKG-T1-LIB-001", "^2.0.0"),
      dependency("PKG-T2-TOOL-001", "*"),
    ]);
    const done = on.pkg("install", "PKG-T3-APP-001");
    expect(done.status).toBe(3);
    for (const line of [
      "PKG-T3-APP-001 1.0.0 (you asked for it) needs PKG-T1-LIB-001 ^2.0.0",
      "PKG-T2-TOOL-001 1.3.0 (needed by PKG-T3-APP-001 1.0.0) needs PKG-T1-LIB-001 ^1.0.0",
    ])
      expect(done.stderr).toContain(line);
    expect(done.stderr).toContain("[DEPENDENCY_CONFLICT]");
  });
});

describe("where archives come from", () => {
  test("a URL, pinned by digest, and a folder of archives", async () => {
    const on = plane();
    const name = `${A}-1.1.0.tar.gz`;
    const bytes = readFileSync(join(on.root, "packages_store", name));
    const digest = readFileSync(join(on.root, "packages_store", `${name}.sha256`), "utf8").trim();
    const server = createServer((_, response) => response.end(bytes));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`;
    const done = await startProgram("pkg", ["update", "--archive", url, "--digest", digest, "--json"], {
      cwd: on.root,
      env: on.env,
    }).ended;
    expect(done.status, done.stdout + done.stderr).toBe(0);
    expect(JSON.parse(done.stdout).packages[0]).toMatchObject({ version: "1.1.0", action: "updated" });
    expect(existsSync(join(on.root, ".holdfast/cache/downloads/sha256", digest))).toBe(true);

    const other = plane();
    const folder = join(other.home, "archives");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), bytes);
    rmSync(join(other.root, "packages_store", name));
    expect(ok(other, "pkg", "update", A, "--from", folder, "--json").json().packages[0]).toMatchObject({
      version: "1.1.0",
    });
  });

  test("a server that is not there fails the download and changes nothing", async () => {
    const on = plane();
    const before = governed(on);
    const argv = ["update", "--archive", "http://127.0.0.1:9/x.tar.gz", "--json"];
    const done = on.pkg(...argv);
    expect(done.status).toBe(6);
    expect(done.json().error.details).toMatchObject({ phase: "download", cause_code: "DOWNLOAD_FAILED" });
    expect(governed(on)).toEqual(before);
  });
});

describe("many at once", () => {
  test("four installs, an update of one of them and a reader in a loop", { timeout: 120_000 }, async () => {
    const on = makePlane();
    const names = ["W1", "W2", "W3", "W4"];
    const files = (version: string) =>
      Object.fromEntries(Array.from({ length: 40 }, (_, number) => [`f${number}.py`, `V = "${version}"\n`]));
    for (const name of names) packVersions(on, `PKG-T1-${name}-001`, { "1.0.0": files("1.0.0") });
    packVersions(on, "PKG-T1-W1-001", { "1.1.0": files("1.1.0") });
    const start = (...argv: string[]) => startProgram("pkg", argv, { cwd: on.root, env: on.env }).ended;
    const installs = names.map((name) => start("install", `PKG-T1-${name}-001@1.0.0`, "--json"));
    const update = (async () => {
      await installs[0];
      return start("update", "PKG-T1-W1-001", "--json");
    })();
    const running = { now: true };
    const reader = (async () => {
      const seen: string[] = [];
      while (running.now) {
        const report = await startProgram("integrity-check", ["--json"], { cwd: on.root, env: on.env }).ended;
        const found = JSON.parse(report.stdout) as { findings: { code: string; severity: string }[] };
        seen.push(...found.findings.filter(({ severity }) => severity === "error").map(({ code }) => code));
      }
      return seen;
    })();
    const done = await Promise.all([...installs, update]);
    running.now = false;
    expect(done.map(({ status, stderr }) => `${status}${stderr}`)).toEqual(["0", "0", "0", "0", "0"]);
    expect((await reader).filter((code) => code !== "NOTHING_VERIFIED")).toEqual([]);
    expect(ok(on, "integrity-check", "--json").json().healthy).toBe(true);
    ok(on, "pkg", "ledger", "verify");
  });
});
