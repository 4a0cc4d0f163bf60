/** Ceilings of one run, and who set each. An operator sets them; manifest and caller can only ask for less. Pure. */
import type { ActionLimits, PlaneConfig } from "../contracts/index.ts";
import { make } from "./faults.ts";

/** In force where the operator says nothing. */
export const DEFAULT_LIMITS = {
  timeout_ms: 15_000,
  input_bytes_max: 65_536,
  output_bytes_max: 262_144,
  memory_bytes_max: 512 << 20,
  processes_max: 64,
  concurrency_max: 1,
} as const;

export type LimitName = keyof typeof DEFAULT_LIMITS;
export const LIMIT_NAMES = Object.keys(DEFAULT_LIMITS) as readonly LimitName[];

/** Limits a caller asks for. */
export type Wishes = { readonly [name in LimitName]?: number | undefined };

export interface Limit {
  readonly value: number;
  readonly set_by: "default" | "config/plane.toml" | "manifest" | "caller";
  /** The highest a caller may ask for. */
  readonly ceiling: number;
  /** What the manifest asked for and did not get. */
  readonly cut_from?: number;
}
export type Limits = { readonly [name in LimitName]: Limit };

interface Asking {
  readonly namespace: string;
  readonly action: string;
  readonly declared: ActionLimits | undefined;
  readonly wishes: Wishes;
}

/**
 * A manifest that asks for more than the ceiling is cut to it; a caller who does is refused.
 * @throws plugin_limit_invalid, plugin_limit_too_high
 */
export function limitsOf(run: PlaneConfig["run"], asking: Asking): Limits {
  const entries = LIMIT_NAMES.map((name): [LimitName, Limit] => [name, limitOf(name, run, asking)]);
  return Object.fromEntries(entries) as unknown as Limits;
}

function limitOf(
  name: LimitName,
  run: PlaneConfig["run"],
  { namespace, action, declared, wishes }: Asking,
): Limit {
  const own = run?.plugins[namespace];
  const configured = own?.[name] ?? run?.[name];
  const operator: Limit =
    configured === undefined
      ? { value: DEFAULT_LIMITS[name], set_by: "default", ceiling: DEFAULT_LIMITS[name] }
      : { value: configured, set_by: "config/plane.toml", ceiling: configured };
  const limit = lowered(operator, declared?.[name]);
  const wish = wishes[name];
  if (wish === undefined) return limit;
  if (!Number.isSafeInteger(wish) || wish < 1)
    throw make("plugin_limit_invalid", `${name} ${String(wish)} is no whole number from 1 on`, {
      limit: name,
      value: String(wish),
    });
  if (wish > limit.value)
    throw make("plugin_limit_too_high", `${name} ${wish} is above ${limit.value}, set by ${limit.set_by}`, {
      namespace,
      action,
      limit: name,
      value: wish,
      ceiling: limit.value,
      set_by: limit.set_by,
    });
  return wish === limit.value ? limit : { ...limit, value: wish, set_by: "caller" };
}

function lowered(operator: Limit, declared: number | undefined): Limit {
  if (declared === undefined || declared === operator.value) return operator;
  if (declared > operator.value) return { ...operator, cut_from: declared };
  return { value: declared, set_by: "manifest", ceiling: declared };
}

/** Bare numbers, for records. */
export const valuesOf = (limits: Limits): Record<LimitName, number> =>
  Object.fromEntries(LIMIT_NAMES.map((name) => [name, limits[name].value])) as Record<LimitName, number>;
