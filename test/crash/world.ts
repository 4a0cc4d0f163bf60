/** A plane on a simulated disk and one process that works on it. */
import type { Effects, Subprocess } from "../../src/effects/index.ts";
import { type RenamePromise, SimDisk, simEffects } from "../../src/effects/sim/index.ts";
import {
  collectNow,
  initPlane,
  install,
  pack,
  restore,
  rollback,
  undo,
  uninstall,
} from "../../src/lifecycle/index.ts";
import { openPlane, type Plane } from "../../src/plane/index.ts";

export const ROOT = "/srv/plane";
const HOME = "/people/ann";
const FIRST_FOLDERS = ["/srv", "/people", HOME, "/tmp"];
const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 11, 1);

/** Too little for the reserve of the plane: a file of a megabyte in every state would only cost time. */
const SCARCE_BYTES = 3 << 20;
export const PLENTY_BYTES = 2 ** 40;

export interface World {
  readonly disk: SimDisk;
  readonly effects: Effects;
  readonly plane: Plane;
  readonly token: string;
}

/** Where a process is in the run: each later one has a later clock and other random numbers. */
export type Turn = "prepare" | "operate" | "recover" | "recover again" | "go on";
const TURNS: readonly Turn[] = ["prepare", "operate", "recover", "recover again", "go on"];

/** Effects of a new process on this disk. */
export function processOn(disk: SimDisk, turn: Turn, programs?: Subprocess["run"]): Effects {
  const number = TURNS.indexOf(turn) + 1;
  const run = programs === undefined ? {} : { run: programs };
  const host = { home: HOME, cwd: ROOT, env: { TMPDIR: "/tmp" } };
  return simEffects(disk, { seed: 1000 + number, now_ms: START_MS + number * HOUR_MS, host, ...run });
}

/** A fresh plane, and everything on its disk durable. */
export async function newWorld(rename_promise: RenamePromise, free_bytes = SCARCE_BYTES): Promise<World> {
  const disk = new SimDisk({ rename_promise, free_bytes });
  for (const path of FIRST_FOLDERS) disk.fs.makeDirectory(path);
  const effects = processOn(disk, "prepare");
  const made = await initPlane(effects, {
    directory: ROOT,
    dry_run: false,
    templates: new Map([["scripts/run.py", Buffer.from("print('hello')\n")]]),
    launcher: { node: "/usr/bin/node", script: "/nowhere/holdfast.cjs" },
  });
  const token = disk.fs.readText(made.token_file ?? "").trim();
  disk.settle();
  return { disk, effects, plane: openPlane(effects, ROOT), token };
}

/** Another process of the same people on another disk with the same plane. */
export function worldOn(disk: SimDisk, turn: Turn, token: string, programs?: Subprocess["run"]): World {
  const effects = processOn(disk, turn, programs);
  return { disk, effects, plane: openPlane(effects, ROOT), token };
}

/** Writes plane-relative files; folders are made. A value may carry a mode. */
export function write(
  { disk: { fs } }: World,
  files: Readonly<Record<string, string | { text: string; mode: number }>>,
): void {
  const folder = (path: string): void => {
    if (fs.stat(path) !== undefined) return;
    folder(path.slice(0, path.lastIndexOf("/")));
    fs.makeDirectory(path);
  };
  for (const [path, value] of Object.entries(files)) {
    const { text, mode } = typeof value === "string" ? { text: value, mode: 0o644 } : value;
    const absolute = `${ROOT}/${path}`;
    folder(absolute.slice(0, absolute.lastIndexOf("/")));
    const handle = fs.openWrite(absolute, { mode, how: "replace" });
    handle.write(Buffer.from(text));
    handle.close();
    fs.setMode(absolute, mode);
  }
}

const enter = ({ effects, plane, token }: World, ids: readonly string[], mode: "install" | "update") =>
  install(effects, plane, {
    wanted: ids.map((id) => ({ id })),
    mode,
    token,
    dry_run: false,
    runtime: async () => ({ host: "1.0.0", api: "1.0.0", node: "24.0.0", python: "3.11.0" }),
  });

/** The commands as scenarios write them. */
export const act = {
  pack: ({ effects, plane, token }: World, src: string) =>
    pack(effects, plane, { src: `${ROOT}/${src}`, token, dry_run: false, replace: false }),
  install: (world: World, ids: readonly string[]) => enter(world, ids, "install"),
  update: (world: World, ids: readonly string[]) => enter(world, ids, "update"),
  rollback: ({ effects, plane, token }: World, ids: readonly string[]) =>
    rollback(effects, plane, { ids, token, dry_run: false, accept_drift: false }),
  collect: ({ effects, plane, token }: World, keep: number) =>
    collectNow(effects, plane, { token, dry_run: false, keep }),
  uninstall: ({ effects, plane, token }: World, ids: readonly string[]) =>
    uninstall(effects, plane, { ids, token, dry_run: false, purge: false, accept_drift: false }),
  undo: ({ effects, plane, token }: World) =>
    undo(effects, plane, { token, dry_run: false, accept_drift: false }),
  restore: ({ effects, plane, token }: World) => restore(effects, plane, { token, dry_run: false }),
};
