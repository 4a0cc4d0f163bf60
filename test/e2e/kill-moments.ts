/**
 * Real processes, killed with SIGKILL at random moments while they change a package of 300 files: after each kill the plane
 * is whole, in exactly one of the two versions. The moments come from a seed.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Ended, type PlaneUnderTest, startProgram } from "../support/cli.ts";
import { packageToml } from "../support/library-plane.ts";

const KILLED_ID = "PKG-T1-MANY-001";
const FILES = 300;

/** Both versions are in the store, 1.0.0 is installed. Two files of three differ; some come, some go. */
export function planeWithTwoVersions(plane: PlaneUnderTest): void {
  const source = join(plane.root, "..", "source");
  for (const version of ["1.0.0", "1.1.0"]) {
    rmSync(source, { recursive: true, force: true });
    for (let number = 0; number < FILES; number++) {
      if (number % 10 === (version === "1.0.0" ? 3 : 7)) continue;
      const folder = join(source, `part${number % 12}`);
      mkdirSync(folder, { recursive: true });
      const text = `FILE = ${number}\nIN = "${number % 3 === 0 ? "both" : version}"\n`;
      writeFileSync(join(folder, `f${number}.py`), text.repeat(1 + (number % 40)));
    }
    writeFileSync(join(source, "holdfast.toml"), packageToml(KILLED_ID, { target: "modules/many", version }));
    must(plane.pkg("pack", "--src", source, "--json"));
  }
  must(plane.pkg("install", `${KILLED_ID}@1.0.0`, "--json"));
}

function must(ran: { status: number | null; stdout: string; stderr: string }): void {
  if (ran.status !== 0) throw new Error(`exit ${ran.status}: ${ran.stdout}${ran.stderr}`);
}

export interface Kills {
  readonly tried: number;
  /** The process was still running. */
  readonly killed: number;
  readonly changed: number;
  readonly unhealthy: readonly string[];
}

/** @param seed moments are drawn from it */
export async function killAtRandom(
  plane: PlaneUnderTest,
  count: number,
  seed: number,
  onKill: (line: string) => void = () => undefined,
): Promise<Kills> {
  const random = seeded(seed);
  // How long they take when nobody kills them, so that moments fall into all of it.
  const longest = new Map<string, number>();
  for (const verb of ["update", "rollback"])
    longest.set(
      verb,
      (await startProgram("pkg", [verb, KILLED_ID], { cwd: plane.root, env: plane.env }).ended).wall_ms,
    );
  // Grows while all are killed and shrinks when one gets through, so that moments reach past the end on any machine.
  let reach = 1.1;
  let killed = 0;
  let changed = 0;
  const unhealthy: string[] = [];
  for (let number = 0; number < count; number++) {
    const before = versionOf(plane);
    const verb = before === "1.0.0" ? "update" : "rollback";
    const moment_ms = Math.round(random() * reach * (longest.get(verb) ?? 1000));
    const done = await killedAt(plane, verb, moment_ms);
    const was_killed = done.signal === "SIGKILL";
    if (was_killed) killed++;
    reach = Math.max(0.8, Math.min(4, reach * (was_killed ? 1.08 : 0.8)));
    const after = versionOf(plane);
    if (after !== before) changed++;
    const problem = problemOf(plane, done, after);
    if (problem !== undefined) unhealthy.push(`${number}: ${verb} after ${moment_ms} ms: ${problem}`);
    onKill(`${number} ${verb} ${moment_ms} ms ${done.signal ?? `exit ${done.status}`} ${before} -> ${after}`);
  }
  return { tried: count, killed, changed, unhealthy };
}

async function killedAt(plane: PlaneUnderTest, verb: string, moment_ms: number): Promise<Ended> {
  const { child, ended } = startProgram("pkg", [verb, KILLED_ID], { cwd: plane.root, env: plane.env });
  const timer = setTimeout(() => child.kill("SIGKILL"), moment_ms);
  const done = await ended;
  clearTimeout(timer);
  return done;
}

function problemOf(plane: PlaneUnderTest, done: Ended, version: string): string | undefined {
  if (done.signal === null && done.status !== 0) return `exit ${done.status}: ${done.stderr}`;
  const checked = plane.run("integrity-check", ["--json"]);
  if (checked.status !== 0 || checked.json().healthy !== true)
    return `integrity-check exit ${checked.status}: ${checked.stdout.slice(0, 2000)}`;
  return version === "1.0.0" || version === "1.1.0" ? undefined : `it is ${version}`;
}

const versionOf = (plane: PlaneUnderTest): string =>
  JSON.parse(readFileSync(join(plane.root, "installed", KILLED_ID, "receipt.json"), "utf8")).version;

/** mulberry32: the same moments for the same seed, as far as a clock allows. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
