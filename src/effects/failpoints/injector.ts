/** Counts what the ports see and lets the rules act. Knows which data is not synced yet. */
import type { FileSystem } from "../ports.ts";
import { type Action, parseFailpoints, type Rule } from "./parse.ts";
import { artefactOf } from "./point-name.ts";

/** What only the composition root can do. */
export interface FailpointActions {
  /** Never returns. */
  readonly kill: () => never;
  /** Waits without letting anything else run. */
  readonly pause: (duration_ms: number) => void;
  /** One line for people. */
  readonly tell: (line: string) => void;
}

interface Watched {
  readonly rule: Rule;
  seen: number;
  fired: number;
}

export class Injector {
  phase = "start";
  readonly #rules: readonly Watched[];
  readonly #actions: FailpointActions;
  readonly #fs: FileSystem;
  /** Bytes of each file that are on disk; undefined when not even its name was synced. */
  readonly #unsynced = new Map<string, number | undefined>();

  /** @throws FAILPOINT_INVALID */
  constructor(fs: FileSystem, spec: string, actions: FailpointActions) {
    this.#rules = parseFailpoints(spec).map((rule) => ({ rule, seen: 0, fired: 0 }));
    this.#fs = fs;
    this.#actions = actions;
  }

  /** Call before the port acts. @param tear writes half of what was to be written */
  at(path: string | undefined, verb: string, artefact?: string, tear?: () => void): void {
    const what = artefact ?? artefactOf(path ?? "");
    for (const watched of this.#rules) {
      const [phase, wanted, does] = watched.rule.segments;
      if ((phase !== "*" && phase !== this.phase) || (wanted !== "*" && wanted !== what)) continue;
      if (does !== "*" && does !== verb) continue;
      watched.seen++;
      const { occurrence } = watched.rule;
      if (occurrence !== undefined && occurrence !== watched.seen) continue;
      watched.fired++;
      for (const action of watched.rule.actions)
        this.#act(action, `${this.phase}.${what}.${verb}#${watched.seen}`, path, tear);
    }
  }

  /** Points that were asked for and never came. */
  unreached(): string[] {
    return this.#rules.filter(({ fired }) => fired === 0).map(({ rule }) => rule.name);
  }

  willWrite(path: string): void {
    if (!this.#unsynced.has(path)) this.#unsynced.set(path, this.#fs.stat(path)?.size_bytes);
  }

  synced(path: string): void {
    this.#unsynced.delete(path);
  }

  renamed(from: string, to: string): void {
    const size = this.#unsynced.get(from);
    const known = this.#unsynced.delete(from);
    this.#unsynced.delete(to);
    if (known) this.#unsynced.set(to, size);
  }

  #act(action: Action, name: string, path: string | undefined, tear: (() => void) | undefined): void {
    const { kill, pause, tell } = this.#actions;
    tell(`failpoint ${name}: ${action.kind === "error" ? action.code : action.kind}`);
    switch (action.kind) {
      case "delay":
        pause(action.duration_ms);
        return;
      case "error":
        throw Object.assign(new Error(`${action.code}: injected at ${name}`), { code: action.code, path });
      case "torn":
        tear?.();
        return kill();
      case "lost":
        this.#lose();
        return kill();
      case "kill":
        kill();
    }
  }

  #lose(): void {
    for (const [path, size_bytes] of this.#unsynced) {
      if (this.#fs.stat(path)?.kind !== "file") continue;
      if (size_bytes === undefined) {
        this.#fs.remove(path);
        continue;
      }
      const handle = this.#fs.openWrite(path, { mode: 0o600, how: "update" });
      handle.truncate(size_bytes);
      handle.close();
    }
  }
}
