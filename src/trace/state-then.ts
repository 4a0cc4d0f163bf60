/** What was in force at another time: the package ledger says which versions, kept manifests say what they held. */

import { peekManifest } from "../archive/index.ts";
import type { Evidence, Manifest, PlaneTier, TracedAdmission } from "../contracts/index.ts";
import { compareCodePoints, Fault } from "../kernel/index.ts";
import { readManifest } from "../metadata/index.ts";
import { PACKAGES_STREAM } from "../plane/index.ts";
import { tierPrefix } from "../receipts/index.ts";
import { versionedArchivePath } from "../store/index.ts";
import { entryEvidence } from "./evidence.ts";
import { type Line, noteMissing } from "./history.ts";
import { manifestWith } from "./kept-packages.ts";
import { addTo } from "./lists.ts";
import type { Moment } from "./moment.ts";
import { type PackageEvent, packageEvents, readLines } from "./package-events.ts";
import { type Sight, TIERS } from "./sight.ts";
import type { Standing, State, StateEdge, StateFile, StateManifest, StateSummary } from "./state.ts";

interface Found {
  readonly standing: Standing;
  readonly event: PackageEvent;
}

export class StateThen implements State {
  readonly at: string;
  /** Entries that counted. */
  readonly entries_applied: number;
  readonly last: PackageEvent | undefined;
  readonly #sight: Sight;
  readonly #events: ReadonlyMap<string, readonly PackageEvent[]>;
  readonly #next: ReadonlyMap<string, PackageEvent>;
  readonly #found = new Map<string, readonly Found[]>();
  readonly #by_standing = new Map<Standing, PackageEvent>();
  readonly #below = new Map<string, readonly StateEdge[]>();
  readonly #above = new Map<string, readonly StateEdge[]>();
  #known_hashes: { readonly now: ReadonlyMap<string, string> | undefined } | undefined;
  #changed_ids: readonly string[] | undefined;

  constructor(sight: Sight, moment: Moment) {
    this.#sight = sight;
    this.at = moment.at;
    const told = replay(sight, moment);
    this.entries_applied = told.applied;
    this.last = told.last;
    this.#events = told.events;
    this.#next = told.next;
  }

  ids(): readonly string[] {
    return [...this.#events.keys()].sort(compareCodePoints);
  }

  naming(id: string): readonly string[] {
    const named = this.#hashes === undefined ? undefined : this.#sight.facts.governedBy(id);
    return named === undefined ? this.ids() : sortedIds([...named, ...this.#changed()]);
  }

  summaryOf(package_id: string): StateSummary | undefined {
    const [first] = this.standings(package_id);
    if (first === undefined) return undefined;
    return { version: first.version, tier: first.manifest?.tier ?? "" };
  }

  standings(package_id: string): readonly Standing[] {
    return this.#foundOf(package_id).map(({ standing }) => standing);
  }

  /** The first entry about a package after the time. */
  nextOf(package_id: string): Line | undefined {
    return this.#next.get(package_id)?.line;
  }

  dependenciesOf(package_id: string): readonly StateEdge[] {
    const known = this.#below.get(package_id) ?? this.#declaredBy(package_id);
    this.#below.set(package_id, known);
    return known;
  }

  dependentsOf(package_id: string): readonly StateEdge[] {
    const known = this.#above.get(package_id) ?? this.#namedBy(package_id);
    this.#above.set(package_id, known);
    return known;
  }

  #declaredBy(from: string): StateEdge[] {
    const edges = new Map<string, StateEdge>();
    for (const { id: to, range } of this.standings(from).flatMap((one) => one.manifest?.dependencies ?? []))
      if (!edges.has(`${to} ${range}`)) edges.set(`${to} ${range}`, { from, to, range });
    return [...edges.values()];
  }

  /** Only packages that need it now, or whose manifest was another one then, can have needed it. */
  #namedBy(to: string): StateEdge[] {
    const edges = this.#hashes === undefined ? undefined : this.#sight.facts.edgesTo(to);
    const asked =
      edges === undefined ? this.ids() : sortedIds([...edges.map(({ from }) => from), ...this.#changed()]);
    return asked.flatMap((from) => this.dependenciesOf(from).filter((edge) => edge.to === to));
  }

  get #hashes(): ReadonlyMap<string, string> | undefined {
    this.#known_hashes ??= { now: this.#sight.facts.manifestHashes() };
    return this.#known_hashes.now;
  }

  /** Packages whose manifest was not the one in force now. */
  #changed(): readonly string[] {
    const now = this.#hashes;
    this.#changed_ids ??= this.ids().filter((id) =>
      (this.#events.get(id) ?? []).some(
        ({ plane_id, manifest_hash }) =>
          manifest_hash === null || now?.get(`${plane_id}/${id}`) !== manifest_hash,
      ),
    );
    return this.#changed_ids;
  }

  edgeEvidence({ from }: StateEdge): Evidence[] {
    return this.standings(from).map(({ evidence }) => evidence);
  }

  ownersOf(path: string): ReturnType<State["ownersOf"]> {
    const owners = this.#hashes === undefined ? undefined : this.#sight.facts.ownersOf(path);
    const asked = owners === undefined ? this.ids() : sortedIds([...owners, ...this.#changed()]);
    return asked.flatMap((id) =>
      this.standings(id).flatMap((standing) => {
        const file = standing.files.find((one) => one.path === path);
        return file === undefined ? [] : [{ standing, file }];
      }),
    );
  }

  /** Reads the entries of everything in force at once. */
  readAll(): void {
    readLines(this.#sight, [...this.#events.values()].flat());
  }

  admissionOf(standing: Standing): TracedAdmission {
    const event = this.#by_standing.get(standing);
    if (event === undefined) throw new TypeError("a standing of another state");
    const { event: entry, metadata } = event.line;
    return {
      user: entry.user,
      at: entry.timestamp,
      transaction_id: entry.transaction_id ?? "",
      generation: event.generation,
      work_order_id: typeof metadata["work_order_id"] === "string" ? metadata["work_order_id"] : null,
      entry,
    };
  }

  #foundOf(package_id: string): readonly Found[] {
    const known = this.#found.get(package_id);
    if (known !== undefined) return known;
    const found = (this.#events.get(package_id) ?? []).map((event) => ({
      standing: new PastStanding(this.#sight, event),
      event,
    }));
    this.#found.set(package_id, found);
    for (const { standing, event } of found) this.#by_standing.set(standing, event);
    return found;
  }
}

const sortedIds = (ids: readonly string[]): string[] => [...new Set(ids)].sort(compareCodePoints);

/** What it held is looked for when it is asked for: a list of a whole plane needs no manifest. */
class PastStanding implements Standing {
  readonly package_id: string;
  readonly plane_id: PlaneTier;
  readonly version: string;
  readonly receipt = null;
  readonly #sight: Sight;
  readonly #event: PackageEvent;
  #read: { readonly manifest: Manifest | undefined } | undefined;

  constructor(sight: Sight, event: PackageEvent) {
    this.package_id = event.package_id;
    this.plane_id = event.plane_id;
    this.version = event.version ?? "";
    this.#sight = sight;
    this.#event = event;
  }

  get evidence(): Evidence {
    return entryEvidence(this.#event.line.event, this.#event.line.entry_hash);
  }

  get manifest(): StateManifest | undefined {
    const { package_id, manifest_hash } = this.#event;
    // Of thousands asked for what they needed most are still installed as they were: no file of those is read.
    const declared =
      manifest_hash === null || this.#read !== undefined
        ? undefined
        : this.#sight.facts.declared(package_id, manifest_hash);
    const manifest = declared ?? this.#manifest();
    if (manifest === undefined) return undefined;
    const { tier, spec_id = null, framework_id = null, dependencies } = manifest;
    return { tier, spec_id, framework_id, dependencies };
  }

  get files(): readonly StateFile[] {
    const prefix = tierPrefix(this.plane_id);
    return (this.#manifest()?.assets ?? []).map((asset) => ({
      ...asset,
      path: prefix + asset.path,
      origin: null,
    }));
  }

  #manifest(): Manifest | undefined {
    this.#read ??= { manifest: manifestThen(this.#sight, this.#event) };
    return this.#read.manifest;
  }
}

/** Every entry up to the time, in the order of the ledger: its lines are the truth, its clock may have been set back. */
function replay(sight: Sight, { at_ms, line: last_line }: Moment) {
  const in_force = new Map<string, PackageEvent>();
  const next = new Map<string, PackageEvent>();
  let applied = 0;
  let last: PackageEvent | undefined;
  noteMissing(sight, PACKAGES_STREAM);
  for (const event of packageEvents(sight)) {
    const { package_id, plane_id, version } = event;
    const counts = last_line === undefined ? event.at_ms <= at_ms : event.number <= last_line;
    if (!counts) {
      if (!next.has(package_id)) next.set(package_id, event);
      continue;
    }
    applied++;
    last = event;
    if (version === null) in_force.delete(`${package_id}/${plane_id}`);
    else in_force.set(`${package_id}/${plane_id}`, event);
  }
  const events = new Map<string, PackageEvent[]>();
  for (const event of in_force.values()) addTo(events, event.package_id, event);
  for (const list of events.values())
    list.sort((a, b) => TIERS.indexOf(a.plane_id) - TIERS.indexOf(b.plane_id));
  return { events, next, applied, last };
}

/** The manifest an entry names by its hash: as installed now, as displaced later, or as the stored archive has it. */
function manifestThen(sight: Sight, event: PackageEvent): Manifest | undefined {
  const { package_id, version, manifest_hash } = event;
  if (manifest_hash !== null) {
    const kept = manifestWith(sight, package_id, manifest_hash);
    if (kept !== undefined) return kept;
    const archived = archivedManifest(sight, package_id, version ?? "");
    if (archived?.manifest_hash === manifest_hash) return archived.manifest;
  }
  sight.note({
    code: "TRACE_PAST_UNKNOWN",
    severity: "note",
    message: `what ${package_id} ${version ?? ""} held is no longer kept, so its files and dependencies of then are not shown`,
    next_step: `Put its archive back to ${versionedArchivePath(package_id, version ?? "")}, then ask again.`,
    package_id,
  });
  return undefined;
}

function archivedManifest(sight: Sight, package_id: string, version: string) {
  const path = versionedArchivePath(package_id, version);
  if (sight.stat(path)?.kind !== "file") return undefined;
  const bytes = peekManifest(sight.effects.fs, `${sight.plane.root}/${path}`);
  if (bytes === undefined) return undefined;
  try {
    return readManifest(bytes, new Map(), path);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return undefined;
  }
}
