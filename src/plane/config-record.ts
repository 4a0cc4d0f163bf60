/**
 * The configuration decides what the checks look at, so its bytes are remembered where nobody rewrites them unseen: each change
 * becomes a `config_recorded` entry of the governance ledger with the next command that carries a token.
 */
import { DEFAULT_PLUGIN_ROOTS, type PlaneConfig } from "../contracts/index.ts";
import type { Effects, FileSystem } from "../effects/index.ts";
import { digestOf } from "../index-db/index.ts";
import { prettyJson } from "../kernel/index.ts";
import { appendEntries } from "../ledger/index.ts";
import { replaceFile } from "./files.ts";
import { type Plane, planeStream } from "./open.ts";
import {
  BROKER_PATH,
  CONFIG_PATH,
  CONFIG_STATE_PATH,
  GOLDEN_CONFIG_PATH,
  GOVERNANCE_STREAM,
  WAIVERS_PATH,
} from "./paths.ts";

export const CONFIG_RECORDED = "config_recorded";
/** What lies under `config/` and weakens or strengthens the checks, or lets agents reach further. */
export const WATCHED_CONFIG = [CONFIG_PATH, WAIVERS_PATH, BROKER_PATH, GOLDEN_CONFIG_PATH] as const;

/** The part of the configuration that decides what is looked at and what may enter, as canonical text. */
export function sightOf({ governed_roots, sources, excluded, policy, plugin_roots }: PlaneConfig): string {
  // Where nobody says otherwise it is left out, as in entries made before there were plugins.
  const more = plugin_roots.join("\n") === DEFAULT_PLUGIN_ROOTS.join("\n") ? [] : [plugin_roots];
  const lists = [governed_roots, sources, excluded, ...more].map((list) => [...list].sort());
  const rules = Object.entries(policy).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([...lists, rules]);
}

/** Larger texts are left out of the entry: then every edit counts as one that matters. */
const SIGHT_CHARACTERS_MAX = 16_384;

/** Appends an entry for each watched file whose bytes are not those recorded last; needs the plane lock. */
export async function recordConfig(effects: Effects, plane: Plane, user: string): Promise<void> {
  const { fs } = effects;
  const known = readState(fs, plane.root);
  const found = Object.fromEntries(
    WATCHED_CONFIG.map((path) => [path, digestOf(fs, `${plane.root}/${path}`) ?? null]),
  );
  const changed = WATCHED_CONFIG.filter((path) => (known[path] ?? null) !== found[path]);
  if (changed.length === 0) return;
  const sight = sightOf(plane.config);
  await appendEntries(
    effects,
    planeStream(plane, GOVERNANCE_STREAM),
    changed.map((path) => ({
      event_type: CONFIG_RECORDED,
      submission_id: path,
      decision: "RECORDED",
      reason: `${path} is as it was found`,
      metadata: {
        user,
        before: known[path] ?? null,
        after: found[path] ?? null,
        ...(path === CONFIG_PATH && sight.length <= SIGHT_CHARACTERS_MAX ? { sight } : {}),
      },
    })),
  );
  replaceFile(effects, `${plane.root}/${CONFIG_STATE_PATH}`, Buffer.from(prettyJson(found)));
}

/** Only saves looking through the ledger before each change; the ledger is what counts. Damaged, it is as good as none. */
function readState(fs: FileSystem, root: string): Readonly<Record<string, string>> {
  const path = `${root}/${CONFIG_STATE_PATH}`;
  if (fs.stat(path)?.kind !== "file") return {};
  const bytes = fs.read(path);
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    return Object.fromEntries(
      entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    );
  } catch {
    return {};
  }
}
