/** The record of what was committed last, and where it is gone, what else remembers the registries' bytes. */
import { REGISTRY_NAMES, type RegistryName } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { keptChanges, keptFiles, keptNumbers, readKept } from "../journal/index.ts";
import { Fault } from "../kernel/index.ts";
import {
  GENERATION_PATH,
  GOVERNANCE_STREAM,
  type Plane,
  planeStream,
  readGeneration,
  registryPath,
  STATE_DIRECTORY,
} from "../plane/index.ts";
import type { Outcome } from "./outcome.ts";
import { entriesBackwards } from "./package-events.ts";

type Digests = ReadonlyMap<RegistryName, string>;

const RECORD = "integrity-check --record";
const BY_PATH = new Map(REGISTRY_NAMES.map((name) => [registryPath(name), name]));

/**
 * What each registry was committed with, as far as anything tells. Each plane has the record from its first day: whoever takes
 * it away would make every edit of a registry look like none. `is_used`: whether packages or entries of them are known.
 * @throws STATE_DAMAGED
 */
export function judgeGeneration(
  fs: FileSystem,
  plane: Plane,
  is_used: boolean,
  outcome: Outcome,
): { readonly known: Digests; readonly is_recorded: boolean } {
  const { root } = plane;
  const recorded = readGeneration(fs, root);
  if (recorded !== undefined)
    return {
      known: new Map(Object.entries(recorded.registries) as [RegistryName, string][]),
      is_recorded: true,
    };
  if (!is_used && fs.stat(`${root}/${STATE_DIRECTORY}`) === undefined)
    return { known: new Map(), is_recorded: false };
  outcome.judgeRecord(GENERATION_PATH, "missing", {
    owner: "holdfast",
    classification: "state",
    cure: RECORD,
  });
  const message = `${GENERATION_PATH} is gone: what the registries were committed with is not recorded`;
  const step = `Look through the registries; "${RECORD}" then records them as they are.`;
  outcome.find("GENERATION_MISSING", message, step, { path: GENERATION_PATH });
  return { known: rememberedElsewhere(fs, plane), is_recorded: false };
}

/** From the newest kept generation and later entries of the ledger; a registry that neither names is left out. */
function rememberedElsewhere(fs: FileSystem, plane: Plane): Digests {
  const { digests, committed_ms } = keptDigests(fs, plane.root);
  const edits = new Map<RegistryName, string>();
  for (const entry of entriesBackwards(fs, planeStream(plane, GOVERNANCE_STREAM), ['"registry_edited"'])) {
    if (Date.parse(entry.timestamp) < committed_ms) break;
    const name = BY_PATH.get(entry.submission_id);
    const { after } = entry.metadata;
    if (entry.event_type !== "registry_edited" || name === undefined || edits.has(name)) continue;
    if (typeof after === "string") edits.set(name, after);
  }
  return new Map([...digests, ...edits]);
}

/** The record that the newest transaction displaced, and what that transaction notes of the registries it wrote itself. */
function keptDigests(
  fs: FileSystem,
  root: string,
): { readonly digests: Digests; readonly committed_ms: number } {
  const digests = new Map<RegistryName, string>();
  try {
    const number = Math.max(...keptNumbers(fs, root));
    const kept = Number.isFinite(number) ? readKept(fs, root, number) : undefined;
    if (kept === undefined) return { digests, committed_ms: 0 };
    takeDisplaced(fs, root, number, digests);
    for (const { path } of keptChanges(fs, root, number)) digests.delete(BY_PATH.get(path) as RegistryName);
    takeNoted(kept.notes["after"], digests);
    return { digests, committed_ms: kept.committed_ms };
  } catch (error) {
    const is_damage = error instanceof Fault || error instanceof SyntaxError;
    if (!is_damage && (error as NodeJS.ErrnoException).code === undefined) throw error;
    return { digests: new Map(), committed_ms: 0 };
  }
}

function takeDisplaced(
  fs: FileSystem,
  root: string,
  number: number,
  digests: Map<RegistryName, string>,
): void {
  const before = keptFiles(fs, root, number).find(({ path }) => path === GENERATION_PATH);
  if (before === undefined) return;
  const parsed = JSON.parse(fs.readText(`${root}/${before.file}`)) as {
    registries?: Record<string, unknown>;
  } | null;
  for (const name of REGISTRY_NAMES) {
    const digest = parsed?.registries?.[name];
    if (typeof digest === "string") digests.set(name, digest);
  }
}

/** `after`: pairs of path and digest, as a change of no packages notes them. */
function takeNoted(after: unknown, digests: Map<RegistryName, string>): void {
  for (const one of Array.isArray(after) ? (after as unknown[]) : []) {
    const [path, digest] = Array.isArray(one) ? (one as unknown[]) : [];
    const name = typeof path === "string" ? BY_PATH.get(path) : undefined;
    if (name !== undefined && typeof digest === "string") digests.set(name, digest);
  }
}
