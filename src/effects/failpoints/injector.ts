/** Lets rules act on the points they name. */
import { makesSense } from "./catalogue.ts";
import { type Action, parseFailpoints, type Rule } from "./parse.ts";
import type { Unsynced } from "./unsynced.ts";
import { type Point, pointName } from "./watch.ts";

/** What only the composition root can do. */
export interface FailpointActions {
  /** Never returns. */
  readonly kill: () => never;
  /** Waits without letting anything else run. */
  readonly pause: (duration_ms: number) => void;
  /** One line for people, on stderr before anything happens. */
  readonly tell: (line: string) => void;
}

interface Watched {
  readonly rule: Rule;
  seen: number;
  fired: boolean;
}

export class Injector {
  readonly #rules: readonly Watched[];
  readonly #actions: FailpointActions;
  readonly #unsynced: Unsynced;
  /** How often each full name came by, so that what is told can be asked for again. */
  readonly #seen = new Map<string, number>();

  /** @throws FAILPOINT_INVALID */
  constructor(spec: string, actions: FailpointActions, unsynced: Unsynced) {
    this.#rules = parseFailpoints(spec).map((rule) => ({ rule, seen: 0, fired: false }));
    this.#actions = actions;
    this.#unsynced = unsynced;
  }

  before(point: Point): void {
    const name = pointName(point);
    const number = (this.#seen.get(name) ?? 0) + 1;
    this.#seen.set(name, number);
    for (const watched of this.#rules) {
      if (!matches(watched.rule, point)) continue;
      watched.seen++;
      const { occurrence, actions } = watched.rule;
      if (occurrence !== undefined && occurrence !== watched.seen) continue;
      watched.fired = true;
      for (const action of actions) this.#act(action, `${name}#${number}`, point);
    }
  }

  /** Points that were asked for and never came, as written. */
  unreached(): string[] {
    return this.#rules.filter(({ fired }) => !fired).map(({ rule }) => rule.name);
  }

  #act(action: Action, name: string, { path, tear }: Point): void {
    const { kill, pause, tell } = this.#actions;
    tell(`failpoint ${name}: ${action.kind === "delay" ? `delay:${action.duration_ms}` : action.name}`);
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
        this.#unsynced.lose();
        return kill();
      case "kill":
        kill();
    }
  }
}

/** Every action of the rule must be possible here: a torn rename is none. */
function matches({ segments: [phase, artefact, verb], actions }: Rule, point: Point): boolean {
  if (phase !== "*" && phase !== point.phase) return false;
  if (artefact !== "*" && artefact !== point.artefact) return false;
  if (verb !== "*" && verb !== point.verb) return false;
  return actions.every(({ name }) => makesSense(name, point.verb));
}
