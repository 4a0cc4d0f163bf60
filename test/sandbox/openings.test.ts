/** Root on a plane in somebody's home that only its owner may enter. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Effects, RunResult } from "../../src/effects/index.ts";
import { findPython } from "../../src/python/index.ts";
import { findJail, interpreterFiles, type JailRequest, runJailed } from "../../src/sandbox/index.ts";
import { findOpenings } from "../../src/sandbox/openings.ts";
import { everything, offers, type Scene, scene } from "./scene.ts";

const OWNER = 1234;
const is_root = process.getuid?.() === 0;

/** As `scene`, and the home with all in it belongs to another user. */
function foreign(): Scene {
  const here = scene();
  chmodSync(here.folder, 0o755);
  spawnSync("chown", ["-R", `${OWNER}:${OWNER}`, here.home]);
  return here;
}

async function jailed(
  layer: string,
  here: Scene,
  text: string,
  change: Partial<JailRequest> = {},
  changing: (effects: Effects) => Effects = (effects) => effects,
): Promise<RunResult> {
  const effects = here.effects({ HOLDFAST_JAIL: layer });
  const { executable } = await findPython(effects);
  const files = (await interpreterFiles(effects, executable)) ?? [];
  const { jail, tried } = await findJail(effects, { python: executable });
  if (jail === undefined) throw new Error(JSON.stringify(tried));
  return runJailed(changing(effects), jail, {
    argv: [executable, "-I", "-B", "-c", text],
    cwd: here.plane,
    readable: [here.plane, ...files],
    hidden: [here.keys],
    env: {},
    limits: { timeout_ms: 20_000, stdout_bytes_max: 1 << 20 },
    ...change,
  });
}

describe.runIf(is_root)("root", () => {
  for (const layer of ["bubblewrap", "namespaces", "landlock"])
    describe.runIf(offers(layer))(`behind ${layer}`, () => {
      test("reads the plane, and neither the home around it nor more than that", async () => {
        const here = foreign();
        const before = everything(here.home);
        const mounts = readFileSync("/proc/self/mountinfo", "utf8");
        const text = `
import os, sys
sys.path.append("modules")
import sound
seen = []
for path in ("${here.home}/diary.txt", "${here.keys}/secrets.env", "way-out"):
    try: seen.append(open(path).read())
    except OSError: pass
try: open("new", "w").close(); seen.append("wrote")
except OSError: pass
print(sound.VALUE, seen)
`;
        const done = await jailed(layer, here, text);
        expect([done.stdout.toString(), done.stderr]).toEqual(["1 []\n", ""]);
        expect(everything(here.home)).toEqual(before);
        expect(readFileSync("/proc/self/mountinfo", "utf8")).toBe(mounts);
      });

      test("follows no link that the owner puts in the way meanwhile", async () => {
        const here = foreign();
        const secret = join(here.folder, "secret");
        mkdirSync(join(secret, "plane"), { recursive: true, mode: 0o755 });
        writeFileSync(join(secret, "plane", "file"), "of root");
        const outer = join(here.home, "outer");
        mkdirSync(outer);
        renameSync(here.plane, join(outer, "plane"));
        const plane = join(outer, "plane");
        let swapped = false;
        const swapping = (effects: Effects): Effects => ({
          ...effects,
          subprocess: {
            run: (request) => {
              if (!swapped) {
                renameSync(outer, `${outer}-away`);
                symlinkSync(secret, outer);
              }
              swapped = true;
              return effects.subprocess.run(request);
            },
          },
        });
        const done = jailed(
          layer,
          here,
          "print(open('file').read())",
          { cwd: plane, readable: [plane] },
          swapping,
        );
        await expect(done).rejects.toMatchObject({
          code: "JAIL_NOT_STARTED",
          message: expect.stringContaining("a link stands at outer"),
        });
      });

      test("says which folder is closed and what helps, where no way around can be made", async () => {
        const here = foreign();
        const failing = (effects: Effects): Effects => ({
          ...effects,
          subprocess: {
            run: (request) =>
              effects.subprocess.run({
                ...request,
                argv: request.argv.map((word) => word.replace("libc.unshare(CLONE_NEWNS)", "-1")),
              }),
          },
        });
        await expect(jailed(layer, here, "pass", {}, failing)).rejects.toMatchObject({
          code: "JAIL_NOT_STARTED",
          message: expect.stringMatching(
            new RegExp(
              `${here.home} is closed to others.* run the command as its owner, or run "chmod o\\+x"`,
            ),
          ),
        });
      });

      test("is told when the plane itself is closed", async () => {
        const here = foreign();
        chmodSync(here.plane, 0o700);
        await expect(jailed(layer, here, "pass")).rejects.toMatchObject({
          code: "JAIL_CANNOT_READ",
          exit_code: 5,
          message: `root without its rights may not read ${here.plane} (mode 0700, user ${OWNER}): run the command as that user, or run "chmod o+rX ${here.plane}"`,
        });
      });
    });
});

const NO_WAY_AROUND = { closed: [], paths: [] };
function openingsAs(uid: number): ReturnType<typeof findOpenings> {
  const here = scene();
  const effects = here.effects({});
  return findOpenings({ ...effects, host: { ...effects.host, uid } }, [here.plane], [here.plane]);
}

test("an ordinary user needs no way around", () => {
  expect(openingsAs(1000)).toEqual(NO_WAY_AROUND);
});

test.runIf(is_root)("root needs none in what is its own", () => {
  expect(openingsAs(0)).toEqual(NO_WAY_AROUND);
});
