/** A plugin section read part by part: one wrong part must not hide the problems of the others. */
import {
  type Permissions,
  type PluginAction,
  type PluginConfig,
  type Probe,
  PluginSection as Shape,
} from "../../contracts/index.ts";

/** One element of a list, with its place in it. */
export interface Listed<T> {
  readonly index: number;
  readonly value: T;
}

export interface Section {
  /** As written. */
  readonly raw: Readonly<Record<string, unknown>>;
  readonly capability: readonly Listed<string>[];
  readonly actions: readonly Listed<PluginAction>[];
  /** Also of actions that are wrong elsewhere. */
  readonly action_ids: readonly Listed<string>[];
  readonly probes: readonly Listed<Probe>[];
  /** Undefined where it is not right; without the field nothing is asked for. */
  readonly permissions: Permissions | undefined;
  readonly config: PluginConfig | undefined;
  readonly runtime: "python" | "node" | undefined;
  readonly entrypoint: string | undefined;
}

export function readSection(raw: Readonly<Record<string, unknown>>): Section {
  const { shape } = Shape;
  return {
    raw,
    capability: textsOf(listOf(raw, "capability")),
    actions: fitting(listOf(raw, "actions"), (value) => shape.actions.unwrap().element.safeParse(value)),
    action_ids: textsOf(listOf(raw, "actions").map((action) => memberOf(action, "id"))),
    probes: fitting(listOf(raw, "probes"), (value) => shape.probes.unwrap().element.safeParse(value)),
    permissions: shape.permissions.safeParse(raw["permissions"]).data,
    config: shape.config.safeParse(raw["config"]).data,
    runtime: shape.runtime.safeParse(raw["runtime"]).data,
    entrypoint: shape.entrypoint.safeParse(raw["entrypoint"]).data,
  };
}

/** The list of that name; empty when there is none. */
export function listOf(raw: unknown, name: string): readonly unknown[] {
  const value = memberOf(raw, name);
  return Array.isArray(value) ? value : [];
}

export function memberOf(raw: unknown, name: string): unknown {
  return typeof raw === "object" && raw !== null && Object.hasOwn(raw, name)
    ? (raw as Record<string, unknown>)[name]
    : undefined;
}

export const textsOf = (list: readonly unknown[]): Listed<string>[] =>
  list.flatMap((value, index) => (typeof value === "string" ? [{ index, value }] : []));

function fitting<T>(
  list: readonly unknown[],
  parse: (value: unknown) => { readonly data?: T | undefined },
): Listed<T>[] {
  return list.flatMap((item, index) => {
    const { data: value } = parse(item);
    return value === undefined ? [] : [{ index, value }];
  });
}

/** Sections that later versions bring; until then they would do nothing. */
export const LATER: ReadonlySet<string> = new Set(["templates", "schedules", "entities", "routes", "ui"]);
