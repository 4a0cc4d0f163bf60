/** What the whole tree uses, and whether that is too much: by control groups where we may make them, else by looking. */
import type { Effects } from "../../effects/index.ts";
import type { ConfineLimits, Usage } from "../confined.ts";
import { type ControlGroup, makeControlGroup } from "./control-group.ts";
import type { WallStatus } from "./status.ts";
import { sampleTree } from "./tree-sample.ts";

type Needs = Pick<Effects, "fs" | "host" | "random" | "clock">;

const SAMPLED_EVERY_MS = 20;
const GROUP_WATCHED_EVERY_MS = 50;
/** Together twice that: a tree of some gigabytes is taken down in less. */
const REMOVED_WITHIN_MS = 128;

/** Never throws for a machine without control groups. */
export const meterFor = (effects: Needs, limits: ConfineLimits): Meter => new Meter(effects, limits);

export class Meter {
  readonly #fs: Needs["fs"];
  readonly #clock: Needs["clock"];
  readonly #limits: ConfineLimits;
  readonly #group: ControlGroup | undefined;
  #init_pid: number | undefined;
  #peak_bytes = 0;
  #cpu_ms = 0;
  #was_exceeded = false;

  constructor(effects: Needs, limits: ConfineLimits) {
    this.#fs = effects.fs;
    this.#clock = effects.clock;
    this.#limits = limits;
    this.#group = makeControlGroup(effects, limits);
  }

  /** The program is in each before it starts. */
  get groups(): readonly string[] {
    return this.#group?.folders ?? [];
  }

  get interval_ms(): number {
    return this.#group === undefined ? SAMPLED_EVERY_MS : GROUP_WATCHED_EVERY_MS;
  }

  begin(init_pid: number | undefined): void {
    this.#init_pid = init_pid;
  }

  /** Looks now. */
  isExceeded(): boolean {
    if (this.#group !== undefined) this.#was_exceeded ||= this.#group.wasExceeded();
    else if (this.#init_pid !== undefined) {
      const { memory_bytes, cpu_ms } = sampleTree(this.#fs, this.#init_pid);
      this.#peak_bytes = Math.max(this.#peak_bytes, memory_bytes);
      this.#cpu_ms = Math.max(this.#cpu_ms, cpu_ms);
      this.#was_exceeded ||= memory_bytes > this.#limits.memory_bytes_max;
    }
    return this.#was_exceeded;
  }

  /** Before a tree is killed that nobody looked at yet: afterwards nothing says what it took. */
  lookFirst(): void {
    if (this.#group === undefined && this.#peak_bytes === 0) this.isExceeded();
  }

  usage(status: WallStatus): Omit<Usage, "duration_ms"> {
    const grouped = this.#group?.usage();
    const cpu =
      status.cpu_ms !== undefined
        ? { cpu_ms: status.cpu_ms, cpu_measured: "rusage" as const }
        : grouped?.cpu_ms !== undefined
          ? { cpu_ms: grouped.cpu_ms, cpu_measured: "cgroup" as const }
          : { cpu_ms: this.#cpu_ms, cpu_measured: "sampled" as const };
    const left = leftOf(status);
    if (grouped !== undefined)
      return { peak_memory_bytes: grouped.peak_memory_bytes, memory_measured: "cgroup", ...cpu, ...left };
    // A program that ended between two looks was at least as large as its largest process.
    const peak_memory_bytes = Math.max(this.#peak_bytes, status.largest_rss_bytes ?? 0);
    return { peak_memory_bytes, memory_measured: "sampled", ...cpu, ...left };
  }

  /** The tree has ended, and the kernel still takes it down for a moment. */
  async remove(): Promise<void> {
    for (let wait_ms = 1; this.#group?.remove() === false && wait_ms <= REMOVED_WITHIN_MS; wait_ms *= 2)
      await this.#clock.sleep(wait_ms);
  }
}

/** Only what the first process of the namespace saw with its own eyes. */
const leftOf = ({
  processes_left,
  ports_left,
}: WallStatus): Pick<Usage, "processes_left" | "ports_left"> => ({
  ...(processes_left === undefined ? {} : { processes_left }),
  ...(ports_left === undefined ? {} : { ports_left }),
});
