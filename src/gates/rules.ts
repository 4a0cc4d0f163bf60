/** What a package must have passed, as `config/golden.toml` says; without it, the canonical scenario within thirty days. */
import { GoldenGateConfig, type GoldenWaiver, type RequiredCell } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { firstIssue, parseToml } from "../metadata/index.ts";
import { GOLDEN_CONFIG_PATH } from "../plane/index.ts";
import { make } from "./faults.ts";

export interface GateRules {
  /** Plane-relative or as named; null where there is no file. */
  readonly path: string | null;
  readonly scenarios: readonly string[];
  readonly cells: readonly RequiredCell[];
  readonly max_age_days: number;
  /** `exact`: these very programs · `version`: of this version · `any`. */
  readonly harness: "exact" | "version" | "any";
  readonly waivers: readonly GoldenWaiver[];
}

export const CANONICAL = "canonical";

type RuleTable = Pick<GateRules, "scenarios" | "cells" | "max_age_days" | "harness">;
type Stated = { readonly [K in keyof RuleTable]?: RuleTable[K] | undefined };
const DEFAULTS: RuleTable = { scenarios: [CANONICAL], cells: [], max_age_days: 30, harness: "exact" };

/** @throws GATE_CONFIG_INVALID */
export function readRules({ fs }: Pick<Effects, "fs">, root: string, package_id: string): GateRules {
  const path = GOLDEN_CONFIG_PATH;
  const config = fs.stat(`${root}/${path}`) === undefined ? undefined : readConfig(fs, root, path);
  const own =
    config !== undefined && Object.hasOwn(config.packages, package_id)
      ? config.packages[package_id]
      : undefined;
  return {
    path: config === undefined ? null : path,
    ...DEFAULTS,
    ...said(config ?? {}),
    ...said(own ?? {}),
    waivers: config?.waivers ?? [],
  };
}

/** The rules a table states; what it leaves out stays as it was. */
function said({ scenarios, cells, max_age_days, harness }: Stated): Partial<RuleTable> {
  return {
    ...(scenarios === undefined ? {} : { scenarios }),
    ...(cells === undefined ? {} : { cells }),
    ...(max_age_days === undefined ? {} : { max_age_days }),
    ...(harness === undefined ? {} : { harness }),
  };
}

function readConfig(fs: Effects["fs"], root: string, path: string): GoldenGateConfig {
  let raw: Record<string, unknown>;
  try {
    raw = parseToml(fs.readText(`${root}/${path}`), path);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw make("GATE_CONFIG_INVALID", error.message, { path, field: "the syntax" });
  }
  const parsed = GoldenGateConfig.safeParse(raw);
  if (parsed.success) return parsed.data;
  const { field, message } = firstIssue(parsed.error);
  throw make("GATE_CONFIG_INVALID", `${path}: ${field} ${message}`, { path, field });
}
