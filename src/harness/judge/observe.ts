/** What can be seen of a world after a step: asked through the operations, and read from the disk itself. */
import type { Effects } from "../../effects/index.ts";
import type { Answer, Driver } from "../driver.ts";
import { isRecord } from "../json-match.ts";
import { type LookedAt, runningIn } from "../oracle/processes.ts";
import { type Changes, changesBetween, type Snapshot } from "../oracle/snapshot.ts";
import type { World } from "../world/world.ts";

export interface LedgerLine {
  readonly stream: string;
  readonly event_type: string;
  readonly submission_id: string;
  readonly reason: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface Observed {
  readonly snapshot: Snapshot;
  readonly changes: Changes;
  /** Installed version by package id. */
  readonly installed: Readonly<Record<string, string>>;
  /** State by namespace. */
  readonly plugins: Readonly<Record<string, string>>;
  /** Entries the step wrote, stream by stream. */
  readonly entries: readonly LedgerLine[];
  readonly integrity: Answer;
  readonly ledger: Answer;
  readonly processes: LookedAt;
  /** Names of variables of this process that differ from when the world began. */
  readonly environment_changed: readonly string[];
}

type Needs = Pick<Effects, "fs" | "host" | "clock">;

/** Follows one world from step to step. */
export class Observer {
  readonly #effects: Needs;
  readonly #world: World;
  readonly #driver: Driver;
  readonly #read = new Map<string, number>();
  readonly #environment: Readonly<Record<string, string | undefined>>;
  #last: Snapshot;

  constructor(effects: Needs, world: World, driver: Driver) {
    this.#effects = effects;
    this.#world = world;
    this.#driver = driver;
    this.#environment = { ...effects.host.env };
    this.#last = world.snapshots.take();
    this.#newEntries();
  }

  get last(): Snapshot {
    return this.#last;
  }

  /** Takes what stands now for the beginning of the next step. */
  begin(): void {
    this.#last = this.#world.snapshots.take();
  }

  async look(): Promise<Observed> {
    const { place, folder, mark, before: before_world, snapshots } = this.#world;
    // Processes first: what is still ending must not be given time.
    const processes = runningIn(this.#effects, { folder, mark, before: before_world });
    const before = this.#last;
    const snapshot = snapshots.take();
    const entries = this.#newEntries();
    const ask = (operation: string, input: Record<string, unknown> = {}): Promise<Answer> =>
      this.#driver.within(place, { operation, input });
    const integrity = await ask("integrity-check");
    const ledger = await ask("ledger verify");
    const installed = installedOf(await ask("list", { installed: true }));
    const plugins = pluginsOf(await ask("plugin list"));
    // What looking itself wrote (memory of the check) is no change of the next step.
    this.#last = snapshots.take();
    return {
      snapshot,
      changes: changesBetween(before, snapshot),
      installed,
      plugins,
      entries,
      integrity,
      ledger,
      processes,
      environment_changed: this.#changedVariables(),
    };
  }

  #changedVariables(): string[] {
    const { env } = this.#effects.host;
    const names = new Set([...Object.keys(env), ...Object.keys(this.#environment)]);
    return [...names].filter((name) => env[name] !== this.#environment[name]).sort();
  }

  #newEntries(): LedgerLine[] {
    const { fs } = this.#effects;
    const { root } = this.#world.place;
    const found: LedgerLine[] = [];
    for (const folder of ["ledger", "planes/ho2/ledger", "planes/ho1/ledger"]) {
      if (fs.stat(`${root}/${folder}`)?.kind !== "directory") continue;
      for (const { name, kind } of fs.list(`${root}/${folder}`)) {
        if (kind !== "file" || !name.endsWith(".jsonl")) continue;
        const stream = `${folder}/${name}`;
        const bytes = fs.read(`${root}/${stream}`);
        const lines = bytes.subarray(this.#read.get(stream) ?? 0).toString("utf8");
        this.#read.set(stream, bytes.length);
        for (const line of lines.split("\n")) if (line !== "") found.push({ stream, ...entryOf(line) });
      }
    }
    return found;
  }
}

function entryOf(line: string): Omit<LedgerLine, "stream"> {
  try {
    const { event_type = "", submission_id = "", reason = "", metadata = {} } = JSON.parse(line);
    return { event_type, submission_id, reason, metadata };
  } catch {
    return { event_type: "", submission_id: "", reason: line.slice(0, 80), metadata: {} };
  }
}

function installedOf({ document }: Answer): Record<string, string> {
  const found: Record<string, string> = {};
  const packages = isRecord(document) && Array.isArray(document["packages"]) ? document["packages"] : [];
  for (const one of packages) {
    if (!isRecord(one)) continue;
    const installed = Array.isArray(one["installed"]) ? one["installed"] : [];
    const [first] = installed;
    if (isRecord(first)) found[String(one["package_id"])] = String(first["version"]);
  }
  return found;
}

function pluginsOf({ document }: Answer): Record<string, string> {
  const plugins = isRecord(document) && Array.isArray(document["plugins"]) ? document["plugins"] : [];
  return Object.fromEntries(
    plugins.filter(isRecord).map((one) => [String(one["namespace"]), String(one["effective_state"])]),
  );
}
