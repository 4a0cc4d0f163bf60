/** A plane, and a world around it that no plugin may touch. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { onTestFinished } from "vitest";
import type { PluginKind } from "../../../src/contracts/index.ts";
import type { Effects } from "../../../src/effects/index.ts";
import { nodeEffects } from "../../../src/effects/node/index.ts";
import {
  type Confined,
  type ConfineRequest,
  confine,
  findWall,
  interpreterFiles,
  type Outcome,
  profileFor,
  standReady,
  type Wall,
} from "../../../src/sandbox/index.ts";

export const SECRET = "s3cr3t-of-the-caller-51c7";
export const PYTHON = "/usr/bin/python3";
export type Runtime = "python" | "node";

export interface World {
  readonly effects: Effects;
  readonly wall: Wall;
  readonly folder: string;
  readonly plane: string;
  readonly plugin: string;
  readonly data: string;
  readonly outside: string;
  readonly victim: ChildProcess;
}

/** As somebody careless would start us: with a secret in the environment, and a descriptor left open. */
function carelessEffects(temp: string): Effects {
  const real = nodeEffects({
    host: { env: { PATH: process.env["PATH"], TMPDIR: temp, HOLDFAST_TOKEN: SECRET } },
  });
  const leaking = ["/bin/sh", "-c", 'exec 8>&2 9</etc/passwd; exec "$@"', "sh"];
  return {
    ...real,
    programs: {
      ...real.programs,
      start: (request) => real.programs.start({ ...request, argv: [...leaking, ...request.argv] }),
    },
  };
}

/** `below`: where the plane lies; a program has a /tmp of its own, and what it does there is no business of ours. */
export async function world(
  options: { readonly accepts_weaker?: boolean; readonly below?: string } = {},
): Promise<World> {
  const folder = mkdtempSync(`${options.below ?? tmpdir()}/escape-`);
  const plane = `${folder}/plane`;
  const plugin = `${plane}/plugin`;
  const data = `${plane}/data/probe`;
  const outside = `${folder}/outside`;
  const temp = `${folder}/temp`;
  for (const path of [
    plugin,
    `${plugin}/secret`,
    `${plugin}/__pycache__`,
    data,
    `${plane}/other`,
    `${plane}/.holdfast`,
    outside,
    temp,
  ])
    mkdirSync(path, { recursive: true });
  for (const path of [
    `${outside}/file`,
    `${plane}/other/file`,
    `${plane}/.holdfast/file`,
    `${plugin}/secret/file`,
  ])
    writeFileSync(path, SECRET);
  for (const name of ["own", "second"]) writeFileSync(`${plugin}/${name}`, "own");
  symlinkSync(`${outside}/file`, `${plugin}/way-out`);
  const carelessly = { argv0: `sleep-${SECRET}`, env: { SECRET } };
  const victim = spawn("/bin/sleep", ["600"], { stdio: "ignore", ...carelessly });
  onTestFinished(() => {
    victim.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  const effects = carelessEffects(temp);
  const wall = await findWall(effects, { accepts_weaker: () => options.accepts_weaker ?? false });
  return { effects, wall, folder, plane, plugin, data, outside, victim };
}

let python_files: Promise<string[] | undefined> | undefined;

export interface Asked {
  readonly kind: PluginKind;
  readonly runtime: Runtime;
  readonly text: string;
  readonly stdin?: ConfineRequest["stdin"];
  readonly scopes?: readonly string[];
  readonly is_bare?: boolean;
  /** Started ahead, and given the word at once. */
  readonly is_ready?: boolean;
  readonly limits?: Partial<ConfineRequest["limits"]>;
  readonly change?: Partial<ConfineRequest>;
}

export async function start(here: World, asked: Asked): Promise<Confined> {
  const request = await asking(here, asked);
  if (asked.is_ready !== true) return confine(here.effects, here.wall, request);
  const ready = await standReady(here.effects, here.wall, request);
  return ready.begin(Buffer.from(request.stdin), request.limits);
}

export async function asking(here: World, asked: Asked): Promise<ConfineRequest> {
  const { kind, runtime, text } = asked;
  python_files ??= interpreterFiles(here.effects, PYTHON);
  const entrypoint = `${here.plugin}/main.${runtime === "python" ? "py" : "mjs"}`;
  writeFileSync(entrypoint, text);
  const executable = runtime === "python" ? PYTHON : process.execPath;
  return {
    profile: profileFor({
      kind,
      runtime,
      namespace: "probe",
      root: "plugin",
      scopes: asked.scopes ?? ["files.forbidden:plugin/secret/**"],
    }),
    plane_root: here.plane,
    program: {
      executable,
      readable: runtime === "python" ? ((await python_files) ?? []) : [],
      version: process.versions.node,
      entrypoint,
      is_bare: asked.is_bare ?? false,
    },
    stdin: asked.stdin ?? "",
    environment: {},
    limits: {
      memory_bytes_max: 256 << 20,
      processes_max: 48,
      temp_bytes_max: 8 << 20,
      timeout_ms: 30_000,
      output_bytes_max: 1 << 20,
      ...asked.limits,
    },
    ...asked.change,
  };
}

export interface Ran extends Outcome {
  readonly stdout: string;
}

export async function run(here: World, asked: Asked): Promise<Ran> {
  const confined = await start(here, asked);
  const parts: Uint8Array[] = [];
  for await (const bytes of confined.stdout) parts.push(bytes);
  return { ...(await confined.done), stdout: Buffer.concat(parts).toString("utf8") };
}
