/** Every kind of change, in an order in which each has something to do; each stage is failed at every point it comes by. */

import type { Effects } from "../../effects/index.ts";
import { defaultSettings } from "../default-settings.ts";
import type { Answer, Call, Driver } from "../driver.ts";
import { callOf, namespaceOf, packed } from "../steps/calls.ts";
import { enable } from "../steps/enable.ts";
import { tamper } from "../steps/tamper.ts";
import { makeFolders, writeText } from "../world/folder.ts";
import type { World } from "../world/world.ts";

export interface Stage {
  readonly name: string;
  /** Brings the plane to where the stage begins; nothing fails here. */
  readonly prepare?: () => Promise<unknown>;
  readonly call: Call;
  /** A failure that belongs to the stage, as `pkg failpoints` explains: what follows it is failed too. */
  readonly base?: string;
}

export interface Tour {
  readonly world: World;
  readonly driver: Driver;
  /** Where the archive of the first version is served. */
  readonly url: string;
  /** Folder of a version that is not packed yet. */
  readonly unpacked: string;
}

/** The change is undone from here, and its undoing is what is failed. */
const TURNS_BACK = "activate.receipt.rename#1=error:EIO";
const DISK_FULL = "activate.file.sync-directory#1=error:ENOSPC";
const HEAD_UNNAMED = "start.head.rename#1=error:EIO";
/** The folders are gone by then. */
const FOLDERS_UNSYNCED = "activate.receipt.sync-directory#1=error:EIO";
const UNPREPARED = "dependency-prepare.extracted.sync-directory#1=error:EIO";

export function stagesOf({ fs }: Pick<Effects, "fs">, tour: Tour): Stage[] {
  const { world, driver, url, unpacked } = tour;
  const { install, update, uninstall, rollback } = changesIn(world);
  const now = packed(world, "now");
  const plain = plainIn(world);
  const must = (call: Call) => (): Promise<Answer> => succeeding(driver, world, call);
  const dead = (failpoints: string) => (): Promise<Answer> =>
    driver.apart(world.place, { ...update, failpoints });
  const edit = (how: "append" | "executable") => async (): Promise<void> => {
    const path = firstFile(fs, world);
    tamper({ fs }, world, { do: "tamper", path, how, undo: false, expect: EXPECT });
  };
  const fix = plain("integrity-check", { fix: true });
  return [
    { name: "init", call: { operation: "init", input: { directory: `${world.folder}/second` } } },
    {
      name: "init without a head",
      call: { operation: "init", input: { directory: `${world.folder}/second` } },
      base: HEAD_UNNAMED,
    },
    { name: "auth issue", call: plain("auth issue", { user: "another", role: "reader" }) },
    { name: "keys rotate", call: plain("keys rotate", { use: "package" }) },
    { name: "pack", call: plain("pack", { src: unpacked }) },
    {
      name: "install from a URL",
      call: plain("install", { archive: url, id: now.package_id, digest: now.digest }),
    },
    {
      name: "install beside a file that was there",
      prepare: () => leaveOne(fs, tour, must(uninstall)),
      call: install,
    },
    { name: "integrity-check --fix of that file", prepare: edit("append"), call: fix },
    ...pluginStages(tour),
    { name: "update", call: update },
    { name: "rollback", call: rollback },
    { name: "undo", call: plain("undo") },
    { name: "mark-good", call: plain("mark-good", { note: "tried" }) },
    { name: "update under a strict umask", prepare: must(rollback), call: { ...update, umask: "077" } },
    { name: "update that turns back", prepare: must(rollback), call: update, base: TURNS_BACK },
    { name: "update on a full disk", call: update, base: DISK_FULL },
    { name: "update that is not prepared", call: update, base: UNPREPARED },
    { name: "integrity-check --fix", prepare: edit("append"), call: fix },
    { name: "integrity-check --fix of a mode", prepare: edit("executable"), call: fix },
    { name: "gc", call: plain("gc", { keep: 1 }) },
    { name: "doctor after a kill", prepare: dead("activate.receipt.rename#1=kill"), call: DOCTOR },
    { name: "doctor after a torn entry", prepare: dead("settle.ledger.write#1=torn"), call: DOCTOR },
    { name: "uninstall that turns back", call: uninstall, base: FOLDERS_UNSYNCED },
    { name: "uninstall on a full disk", call: uninstall, base: DISK_FULL },
    { name: "uninstall", call: uninstall },
  ];
}

const EXPECT = { exit_code: 0 };
const DOCTOR: Call = { operation: "doctor", input: {} };

const plainIn =
  ({ tokens }: World) =>
  (operation: string, input: Record<string, unknown> = {}): Call => ({
    operation,
    input,
    token: tokens.operator,
  });

function changesIn(world: World): Readonly<Record<"install" | "update" | "uninstall" | "rollback", Call>> {
  return {
    install: callOf(world, { do: "install", packages: ["now"], dry_run: false, expect: EXPECT }),
    update: callOf(world, { do: "update", packages: ["next"], allow_downgrade: false, expect: EXPECT }),
    uninstall: callOf(world, { do: "uninstall", packages: ["now"], expect: EXPECT }),
    rollback: callOf(world, { do: "rollback", package: "now", expect: EXPECT }),
  };
}

/** What only a plugin has. */
function pluginStages({ world, driver }: Tour): Stage[] {
  const now = packed(world, "now");
  if (now.metadata.plugin === undefined) return [];
  const plain = plainIn(world);
  const name = namespaceOf(now);
  const step = { do: "enable", package: "now", answer: "yes", approve: true, expect: EXPECT } as const;
  const settings = Object.entries(defaultSettings(now.metadata)).map(
    ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const [action] = now.metadata.plugin.actions;
  const input = JSON.stringify(action?.examples[0]?.input ?? {});
  return [
    {
      name: "run",
      prepare: () => enable(world, driver, step),
      call: plain("run", { namespace: name, action: action?.id ?? "", input }),
    },
    {
      name: "plugin disable",
      prepare: () => enable(world, driver, step),
      call: plain("plugin disable", { name }),
    },
    ...(settings.length === 0 ? [] : [{ name: "configure", call: plain("configure", { name, settings }) }]),
  ];
}

async function succeeding(driver: Driver, { place }: World, call: Call): Promise<Answer> {
  const answer = await driver.within(place, call);
  if (answer.exit_code === 0) return answer;
  throw new Error(
    `${call.operation} was to prepare a stage: ${JSON.stringify(answer.fault ?? answer.document)}`,
  );
}

/** Takes the package away but for one file, which its group may write: an install adopts it, and a repair keeps its mode. */
async function leaveOne(fs: Effects["fs"], { world }: Tour, uninstall: () => Promise<Answer>): Promise<void> {
  const path = firstFile(fs, world);
  const bytes = fs.read(`${world.place.root}/${path}`);
  await uninstall();
  makeFolders(fs, `${world.place.root}/${path.slice(0, path.lastIndexOf("/"))}`);
  writeText(fs, `${world.place.root}/${path}`, bytes);
  fs.setMode(`${world.place.root}/${path}`, 0o664);
}

/** A file of code the package owns, plane-relative. */
function firstFile(fs: Effects["fs"], { place, packages }: World): string {
  const id = packages.get("now")?.package_id ?? "";
  const receipt = JSON.parse(fs.readText(`${place.root}/installed/${id}/receipt.json`)) as {
    files: { path: string; classification: string }[];
  };
  const file = receipt.files.find(({ classification }) => classification === "code") ?? receipt.files[0];
  if (file === undefined) throw new Error(`${id} has no file to change`);
  return file.path;
}
