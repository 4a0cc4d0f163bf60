/** No control group stays behind: not of a tree that was killed, nor of a caller that was. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, utimesSync } from "node:fs";
import { expect, test } from "vitest";
import { sweepPrivateTemps } from "../../src/sandbox/index.ts";
import { meterFor } from "../../src/sandbox/wall/meter.ts";
import { world } from "./escape/scene.ts";

/** Where this process makes its groups; undefined where it can make none. */
const [, path = ""] = /^\d+:memory:(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8")) ?? [];
const parent = `/sys/fs/cgroup/memory${path === "/" ? "" : path}`;
const can = existsSync(parent) && process.getuid?.() === 0;

test.runIf(can)("a group whose last process is still being taken down is removed all the same", async () => {
  const { effects } = await world();
  const meter = meterFor(effects, { memory_bytes_max: 1 << 26, processes_max: 4, temp_bytes_max: 1 });
  expect(meter.groups).toHaveLength(2);
  const last = spawn("/bin/sleep", ["60"], { stdio: "ignore" });
  for (const folder of meter.groups) await effects.programs.enterGroup(last.pid ?? 0, folder);
  setTimeout(() => last.kill("SIGKILL"), 20);
  await meter.remove();
  expect(meter.groups.filter((folder) => existsSync(folder))).toEqual([]);
});

test.runIf(can)("what a killed caller left is swept, when it is old enough to be nobody's", async () => {
  const here = await world();
  const [old, young] = ["0", "1"].map((digit) => `${parent}/holdfast-${digit.repeat(16)}`) as [
    string,
    string,
  ];
  for (const folder of [old, young]) mkdirSync(folder);
  try {
    const at = new Date(Date.now() - 61_000);
    utimesSync(old, at, at);
    await sweepPrivateTemps(here.effects, { dry_run: true });
    expect([existsSync(old), existsSync(young)]).toEqual([true, true]);
    await sweepPrivateTemps(here.effects, { dry_run: false });
    expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
  } finally {
    for (const folder of [old, young]) if (existsSync(folder)) rmdirSync(folder);
  }
});
