/** Commands where the terminal, the output, the path or the temporary folder is not what it should be. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makePlane, type PlaneUnderTest, REPOSITORY } from "../support/cli.ts";
import { temporaryFolder } from "../support/tree.ts";
import { checked, ok, planesLike, put, steadyTree } from "./scenes.ts";

const ID = "PKG-T1-ODD-001";

function packed(plane: PlaneUnderTest, check: string): PlaneUnderTest {
  put(
    plane,
    "staging/holdfast.toml",
    `id = "${ID}"\nversion = "1.0.0"\ntarget = "modules/odd"\n[[health.checks]]\nid = "runs"\nkind = "command"\nargv = ["python", "-c", ${JSON.stringify(check)}]\n`,
  );
  put(plane, "staging/x.py", "X = 1\n");
  ok(plane, "pkg", "pack", "--src", "staging");
  return plane;
}
const slow = planesLike((folder) => packed(makePlane({ folder }), "import time; time.sleep(61)"));
const quick = planesLike((folder) => packed(makePlane({ folder }), "pass"));

test("a terminal that is closed in the middle: the change is undone, exit 130", { timeout: 60_000 }, () => {
  const plane = slow();
  const before = steadyTree(plane);
  const script = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
while b"health-check" not in seen:
    seen += os.read(terminal, 4096)
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;
  const command = [process.execPath, join(REPOSITORY, "bin/pkg.cjs"), "install", ID];
  const done = spawnSync("python3", ["-c", script, ...command], {
    cwd: plane.root,
    env: plane.env,
    encoding: "utf8",
  });
  expect(done.stdout, done.stderr).toBe("130\n");
  expect(steadyTree(plane)).toEqual(before);
  expect(checked(plane)).toMatchObject({ status: 0, errors: [] });
});

test("an output that is full is said, and what was asked for is done", () => {
  const plane = quick();
  const done = spawnSync(
    "/bin/sh",
    ["-c", `"$0" "$@" > /dev/full`, process.execPath, join(REPOSITORY, "bin/pkg.cjs"), "install", ID],
    {
      cwd: plane.root,
      env: plane.env,
      encoding: "utf8",
    },
  );
  expect([done.status, done.stderr]).toEqual([
    5,
    "error: the output cannot be written (ENOSPC); the command itself ran to its end\n",
  ]);
  expect(ok(plane, "pkg", "list", "--installed", "--json").json().count).toBe(1);
});

test.each(["/proc", "/dev/null", "/nowhere/at/all"])(
  "TMPDIR=%s: a check that needs a private folder names it, and nothing hangs or stays",
  { timeout: 30_000 },
  (TMPDIR) => {
    const plane = quick();
    const before = steadyTree(plane);
    const done = plane.run("pkg", ["install", ID, "--json"], { env: { ...plane.env, TMPDIR } });
    expect(done.json().error).toMatchObject({
      details: { phase: "health-check", cause_code: "TEMP_UNUSABLE" },
      next_step: expect.stringContaining("TMPDIR"),
    });
    expect(done.status).toBe(6);
    expect(steadyTree(plane)).toEqual(before);
    expect(ok(plane, "pkg", "doctor").status).toBe(0);
  },
);

test("a path with a space, a line end, quotes and letters of elsewhere", { timeout: 60_000 }, () => {
  const folder = join(temporaryFolder(), 'a b\n"q"\'$(x)ü');
  mkdirSync(folder);
  const plane = packed(makePlane({ folder }), "pass");
  const before = steadyTree(plane);
  ok(plane, "pkg", "--root", plane.root, "install", ID);
  put(plane, "modules/odd/x.py", "edited\n");
  expect(ok(plane, "integrity-check", "--fix").stdout).toContain("1 hold exactly what was installed");
  expect(readFileSync(join(plane.root, "modules/odd/x.py"), "utf8")).toBe("X = 1\n");
  expect(ok(plane, "pkg", "undo", "--json").json().undone.operation).toBe("restore");
  ok(plane, "pkg", "undo");
  ok(plane, "pkg", "uninstall", ID);
  const { "registries/packages_state.csv": _state, ...after } = steadyTree(plane);
  const { "registries/packages_state.csv": _before, ...found } = before;
  expect(after).toEqual(found);
});
