import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { makePrivateTemp } from "../../src/sandbox/private-temp.ts";
import { sweepPrivateTemps } from "../../src/sandbox/sweep-temps.ts";
import { scene } from "./scene.ts";

const name = (letter: string): string => `holdfast-${letter.repeat(24)}`;
const hours_ago = (path: string, hours: number): void => {
  const at = new Date(Date.now() - hours * 3_600_000);
  utimesSync(path, at, at);
};
const EFFECTS = fileURLToPath(new URL("../../src/effects/node/index.ts", import.meta.url));
const PRIVATE_TEMP = fileURLToPath(new URL("../../src/sandbox/private-temp.ts", import.meta.url));

/** Another process makes a folder, puts something into it, says where it is, and waits. */
async function owner(temp: string): Promise<{ path: string; kill: () => Promise<void> }> {
  const script = `
import { nodeEffects } from ${JSON.stringify(EFFECTS)};
import { makePrivateTemp } from ${JSON.stringify(PRIVATE_TEMP)};
import { mkdirSync } from "node:fs";
const { path } = await makePrivateTemp(nodeEffects());
mkdirSync(path + "/left/shut", { recursive: true });
process.stdout.write(path);
setInterval(() => undefined, 1000);
`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    env: { PATH: process.env["PATH"], TMPDIR: temp },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await once(child, "close");
  };
  return { path: said.toString(), kill };
}

describe("sweepPrivateTemps()", () => {
  test("takes the folder of a killed owner and leaves that of a living one", async () => {
    const here = scene();
    const effects = here.effects({});
    const [dead, living] = [await owner(here.temp), await owner(here.temp)];
    const mine = await makePrivateTemp(effects);
    await dead.kill();
    const gone = dead.path.replace(/\/temp$/, "");
    expect(await sweepPrivateTemps(effects, { dry_run: true })).toEqual({ removed: [gone], in_use: 2 });
    expect(readdirSync(here.temp).length).toBe(3);
    expect(await sweepPrivateTemps(effects, { dry_run: false })).toEqual({ removed: [gone], in_use: 2 });
    expect(readdirSync(here.temp).length).toBe(2);
    await living.kill();
    await mine.remove();
    expect((await sweepPrivateTemps(effects, { dry_run: false })).removed.length).toBe(1);
    expect(readdirSync(here.temp)).toEqual([]);
  });

  test("a folder without a lock waits a minute for its owner, however the clock jumps back", async () => {
    const here = scene();
    const effects = here.effects({});
    for (const letter of ["a", "b", "c"]) mkdirSync(join(here.temp, name(letter)), { mode: 0o700 });
    hours_ago(join(here.temp, name("a")), 1);
    hours_ago(join(here.temp, name("c")), -24);
    const { removed, in_use } = await sweepPrivateTemps(effects, { dry_run: false });
    expect(removed).toEqual([join(here.temp, name("a"))]);
    expect(in_use).toBe(2);
  });

  test("what is not of our name, kind, mode or user stays as it is", async () => {
    const here = scene();
    const outside = join(here.folder, "outside");
    mkdirSync(outside, { mode: 0o700 });
    writeFileSync(join(outside, "file"), "x");
    const folders = ["holdfast-short", `${name("d")}0`, name("e"), name("0")];
    for (const folder of folders) {
      mkdirSync(join(here.temp, folder), { mode: 0o700 });
      writeFileSync(join(here.temp, folder, "file"), "x");
    }
    chmodSync(join(here.temp, name("e")), 0o755);
    if (process.getuid?.() === 0) chownSync(join(here.temp, name("0")), 65534, 65534);
    else chmodSync(join(here.temp, name("0")), 0o711);
    writeFileSync(join(here.temp, name("1")), "a file");
    symlinkSync(outside, join(here.temp, name("2")));
    for (const folder of folders) hours_ago(join(here.temp, folder), 2);
    const before = readdirSync(here.temp);
    expect(await sweepPrivateTemps(here.effects({}), { dry_run: false })).toEqual({ removed: [], in_use: 0 });
    expect(readdirSync(here.temp)).toEqual(before);
    expect(readdirSync(outside)).toEqual(["file"]);
  });

  test("a temporary folder that is not there holds nothing", async () => {
    const effects = scene().effects({ TMPDIR: "/nowhere/at/all" });
    expect(await sweepPrivateTemps(effects, { dry_run: false })).toEqual({ removed: [], in_use: 0 });
  });
});
