/** Where everything in a plane lies. All paths are plane-relative. */
import { REGISTRY_NAMES, type RegistryName } from "../contracts/index.ts";

export const CONFIG_PATH = "config/plane.toml";
/** Findings that somebody answers for until a day. */
export const WAIVERS_PATH = "config/waivers.toml";
/** What a release must have passed. */
export const GOLDEN_CONFIG_PATH = "config/golden.toml";
/** Who answers the tools of agents. */
export const BROKER_PATH = "config/broker.toml";
export const STATE_DIRECTORY = ".holdfast/state";
export const PLANE_LOCK = `${STATE_DIRECTORY}/plane.lock`;
export const GENERATION_PATH = `${STATE_DIRECTORY}/generation.json`;
/** Digests of the configuration as last recorded; see config-record.ts. */
export const CONFIG_STATE_PATH = `${STATE_DIRECTORY}/config.json`;
export const REFUSALS_PATH = `${STATE_DIRECTORY}/refusals.json`;
export const APPROVALS_PATH = `${STATE_DIRECTORY}/approvals.json`;
/** Generations marked good; see lifecycle/good.ts. */
export const GOOD_PATH = `${STATE_DIRECTORY}/good.json`;
/** Edited files that outlived their package, with its id; see lifecycle/leftovers.ts. */
export const LEFTOVERS_PATH = `${STATE_DIRECTORY}/leftovers.json`;
export const RESERVE_PATH = `${STATE_DIRECTORY}/reserve`;
export const KEPT_DIRECTORY = `${STATE_DIRECTORY}/kept`;

export const registryPath = (name: RegistryName): string => `registries/${name}.csv`;

export const REGISTRY_FILES: readonly string[] = REGISTRY_NAMES.map(registryPath);

export const GOVERNANCE_STREAM = "ledger/governance.jsonl";
export const PACKAGES_STREAM = "ledger/packages.jsonl";
/** One stream per plane tier, highest first; each lower one's genesis names the head of the one above. */
export const TIER_STREAMS = {
  ho3: GOVERNANCE_STREAM,
  ho2: "planes/ho2/ledger/workorder.jsonl",
  ho1: "planes/ho1/ledger/worker.jsonl",
} as const;
export const PLANE_STREAMS = [
  GOVERNANCE_STREAM,
  PACKAGES_STREAM,
  TIER_STREAMS.ho2,
  TIER_STREAMS.ho1,
] as const;

/** Folders no package may write into, in any letter case: they hold the plane's own truth. */
const RESERVED = [
  "config",
  "ledger",
  "registries",
  "installed",
  "packages_store",
  "planes",
  ".holdfast",
  ".git",
  "scripts",
];

/** The reserved folder a path falls into; undefined when a package may write there. */
export function reservedFolder(path: string): string | undefined {
  const segments = path.toLowerCase().split("/");
  const first = segments[0] ?? "";
  if (RESERVED.includes(first)) return first;
  if (segments.includes(".git")) return ".git";
  // Bytecode would stand in for another owner's source, and code at the root for the standard library.
  if (segments.includes("__pycache__") || /\.py[co]$/.test(segments.at(-1) ?? "")) return "__pycache__";
  if (segments.length === 1 && /\.(py|pyd|so|pth)$/.test(first)) return "the plane's root";
  return segments.length === 1 && [".gitignore", "tier.json"].includes(first) ? first : undefined;
}
