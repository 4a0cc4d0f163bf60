/** What is killed and cut off at every point. A new operation of the lifecycle is one more entry. */
import type { Subprocess } from "../../src/effects/index.ts";
import type { Mutation } from "../../src/effects/sim/index.ts";
import { packageToml } from "../support/library-plane.ts";
import { act, PLENTY_BYTES, ROOT, type World, write } from "./world.ts";

export interface Scenario {
  readonly name: string;
  /** Brings a fresh plane to the state before; all of it counts as durable. */
  readonly prepare: (world: World) => Promise<unknown>;
  /** The one operation that is interrupted. */
  readonly run: (world: World) => Promise<unknown>;
  /** Default: so little that the plane keeps no reserve. */
  readonly free_bytes?: number;
  /** What programs it starts do; without it none can be started. */
  readonly programs?: Subprocess["run"];
  /** The disk fails here once, so the operation must undo itself and end as before. */
  readonly fails_at?: () => (mutation: Mutation) => boolean;
}

const A = "PKG-T1-A-001";
const B = "PKG-T2-B-001";
const C = "PKG-T2-C-001";

const SOURCES = {
  "src/a/holdfast.toml": packageToml(A, { target: "modules/a" }),
  "src/a/core.py": "A = 1\n",
  "src/a/bin/run.sh": { text: "#!/bin/sh\nexit 0\n", mode: 0o755 },
  "src/a/settings.ini": "[x]\nk = 1\n",
  "src/a/old.py": "OLD = 1\n",
  "src/b/holdfast.toml": packageToml(B, { target: "modules/b", dependencies: [{ id: A, range: "^1.0.0" }] }),
  "src/b/core.py": "B = 1\n",
  "src/c/holdfast.toml": packageToml(C, { target: "modules/b/c" }),
  "src/c/core.py": "C = 1\n",
};

/** A file changed, one gone, one new with its folder, one executable no longer. */
const NEXT_VERSION = {
  "src/a/holdfast.toml": packageToml(A, { target: "modules/a", version: "1.1.0" }),
  "src/a/core.py": "A = 2\n",
  "src/a/bin/run.sh": { text: "#!/bin/sh\nexit 0\n", mode: 0o644 },
  "src/a/settings.ini": "[x]\nk = 3\n",
  "src/a/new/part.py": "PART = 1\n",
};

async function packed(world: World): Promise<void> {
  write(world, SOURCES);
  for (const name of ["a", "b", "c"]) await act.pack(world, `src/${name}`);
}

const installed =
  (...ids: readonly string[]) =>
  async (world: World): Promise<void> => {
    await packed(world);
    await act.install(world, ids);
  };

/** 1.0.0 installed with an edited setting, 1.1.0 with another default of it in the store. */
async function updatable(world: World): Promise<void> {
  await installed(A, B)(world);
  write(world, { "modules/a/settings.ini": "[x]\nk = 2\n", ...NEXT_VERSION });
  world.disk.fs.remove(`${ROOT}/src/a/old.py`);
  await act.pack(world, "src/a");
}

async function updated(world: World): Promise<void> {
  await updatable(world);
  await act.update(world, [A]);
}

/** Once the given number of names changed below `modules`. */
function whenModulesChange(times: number): (mutation: Mutation) => boolean {
  let seen = 0;
  return ({ to }) => to?.startsWith(`${ROOT}/modules/`) === true && ++seen === times;
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "install",
    prepare: async (world) => {
      await packed(world);
      // Adopted, so the folder is there and the file must stay as it is.
      write(world, { "modules/a/core.py": "A = 1\n" });
    },
    run: (world) => act.install(world, [A]),
  },
  { name: "install-many", prepare: packed, run: (world) => act.install(world, [A, B, C]) },
  { name: "update", prepare: updatable, run: (world) => act.update(world, [A]) },
  { name: "rollback", prepare: updated, run: (world) => act.rollback(world, [A]) },
  { name: "undo-install", prepare: installed(A, B), run: (world) => act.rollback(world, []) },
  { name: "undo-pack", prepare: updatable, run: act.undo },
  { name: "uninstall", prepare: installed(A, B, C), run: (world) => act.uninstall(world, [A, B]) },
  {
    name: "fix",
    prepare: async (world) => {
      await installed(A, B)(world);
      write(world, { "modules/a/core.py": "A = 666\n" });
      world.disk.fs.remove(`${ROOT}/modules/b/core.py`);
    },
    run: act.restore,
  },
  {
    name: "pack",
    prepare: async (world) => write(world, SOURCES),
    run: (world) => act.pack(world, "src/a"),
    free_bytes: PLENTY_BYTES,
  },
  {
    name: "install-fails",
    prepare: packed,
    run: (world) => act.install(world, [A, B]),
    fails_at: () => whenModulesChange(3),
  },
  {
    name: "update-fails",
    prepare: updatable,
    run: (world) => act.update(world, [A]),
    fails_at: () => whenModulesChange(2),
  },
  {
    name: "rollback-fails",
    prepare: updated,
    run: (world) => act.rollback(world, [A]),
    fails_at: () => whenModulesChange(3),
  },
];
