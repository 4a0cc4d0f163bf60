/** The checks every subject has, whatever form it comes in. Adds to the tally; changes nothing. */
import type { Manifest } from "../../contracts/index.ts";
import type { Fault } from "../../kernel/index.ts";
import { namingSource } from "../../metadata/index.ts";
import {
  advise,
  checkOf,
  defined,
  type FieldPlace,
  findingFrom,
  type Locate,
  RUNTIMES,
  type Runtime,
  type Tally,
} from "../../preflight/index.ts";

export interface Judged {
  readonly tally: Tally;
  readonly manifest: Manifest;
  readonly locate: Locate;
  /** The source as the user named it, where it is one. */
  readonly source?: string | undefined;
}

/** Counts what the checks of a manifest alone look at. */
export function countManifest({ tally, manifest }: Judged): void {
  const { compat, dependencies, plugin } = manifest;
  tally.ran("manifest", 1);
  for (const name of RUNTIMES) if (compat[name] !== undefined) tally.ran(`${name}-range`, 1);
  tally.ran("tier-direction", dependencies.length);
  tally.ran("advice", 1);
  if (plugin === undefined) return;
  tally.ran("plane-capabilities", plugin.requires.length);
  tally.ran("profile", 1);
  tally.ran("permissions", 1);
  if (plugin.config !== undefined) tally.ran("configuration", 1);
}

/** Faults of fields, each with the place of its field in the file somebody wrote. */
export async function addFaults(
  { tally, locate, source }: Pick<Judged, "tally" | "locate" | "source">,
  faults: readonly Fault[],
): Promise<void> {
  const pointers = faults.flatMap(({ details }) => (isField(details["field"]) ? [details["field"]] : []));
  const places = new Map<string, FieldPlace>();
  const found = await locate(pointers);
  for (const [index, pointer] of pointers.entries()) places.set(pointer, found[index] ?? {});
  for (const fault of faults) {
    const { field, runtime } = fault.details;
    const place = isField(field) ? places.get(field) : undefined;
    // A fault of a file names the file; a fault of a field, where the field stands.
    const shown = place === undefined ? {} : place;
    const named = source === undefined ? fault : namingSource(fault, source);
    tally.add(checkOf(fault.code, runtime), [findingFrom(named, shown)]);
  }
}

export async function addAdvice({ tally, manifest, locate, source }: Judged): Promise<void> {
  const advice = advise(manifest, source);
  const places = await locate(advice.map(({ field = "/" }) => field));
  tally.add(
    "advice",
    advice.map((finding, index) => ({ ...finding, ...defined(places[index] ?? {}) })),
  );
}

const isField = (field: unknown): field is string => typeof field === "string" && field.startsWith("/");

/** Ranges against the versions here; Python is asked for only where a range wants it. */
export const runtimeFor = (
  { compat }: Pick<Manifest, "compat">,
  runtime: (needs_python: boolean) => Promise<Runtime>,
): Promise<Runtime> => runtime(compat.python !== undefined);
