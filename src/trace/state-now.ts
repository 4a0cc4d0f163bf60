/** What is in force now, from receipts and registries. */
import type { Evidence, Receipt, TracedAdmission } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { type Installed, receiptPath } from "../receipts/index.ts";
import { parseDependencies } from "../registry/index.ts";
import { admissionOf } from "./admission.ts";
import { dependencyPlaces, receiptEvidence } from "./evidence.ts";
import type { Sight } from "./sight.ts";
import type { Standing, State, StateEdge, StateSummary } from "./state.ts";

export class StateNow implements State {
  readonly at = null;
  readonly #sight: Sight;
  readonly #receipts = new Map<Standing, Receipt>();
  readonly #below = new Map<string, readonly StateEdge[]>();
  readonly #above = new Map<string, readonly StateEdge[]>();

  constructor(sight: Sight) {
    this.#sight = sight;
  }

  ids(): readonly string[] {
    return this.#sight.installedIds().toSorted(compareCodePoints);
  }

  naming(id: string): readonly string[] {
    return this.#sight.facts.governedBy(id)?.toSorted(compareCodePoints) ?? this.ids();
  }

  summaryOf(package_id: string): StateSummary | undefined {
    return this.#sight.summaryOf(package_id);
  }

  standings(package_id: string): Standing[] {
    return this.#sight.installedAs(package_id).map((installed) => this.#standingOf(installed));
  }

  /** Of what is only registered: what its row declares. */
  dependenciesOf(package_id: string): readonly StateEdge[] {
    const known = this.#below.get(package_id) ?? this.#declaredBy(package_id);
    this.#below.set(package_id, known);
    return known;
  }

  dependentsOf(package_id: string): readonly StateEdge[] {
    const known =
      this.#above.get(package_id) ??
      distinct(this.#sight.edgesTo(package_id)).sort((a, b) => compareCodePoints(a.from, b.from));
    this.#above.set(package_id, known);
    return known;
  }

  #declaredBy(package_id: string): StateEdge[] {
    const edges = distinct(this.#sight.edgesFrom(package_id));
    if (edges.length > 0) return edges.sort((a, b) => compareCodePoints(a.to, b.to));
    const cell = this.#sight.table("packages_registry").get(package_id)?.["deps"] ?? "";
    if (this.#sight.summaryOf(package_id) !== undefined) return [];
    return parseDependencies(cell).dependencies.map(({ id, range }) => ({ from: package_id, to: id, range }));
  }

  edgeEvidence({ from, to }: StateEdge, with_line = true): Evidence[] {
    return dependencyPlaces(this.#sight, from, to, with_line);
  }

  ownersOf(path: string): ReturnType<State["ownersOf"]> {
    const indexed = this.#sight.facts.ownersOf(path);
    if (indexed === undefined) {
      const owned = this.#sight.ownedAt(path);
      return owned === undefined ? [] : [{ standing: this.#standingOf(owned.installed), file: owned.file }];
    }
    return indexed.flatMap((id) =>
      this.#sight.installedAs(id).flatMap((installed) => {
        const file = installed.receipt.files.find((one) => one.path === path);
        return file === undefined ? [] : [{ standing: this.#standingOf(installed), file }];
      }),
    );
  }

  admissionOf(standing: Standing): TracedAdmission {
    const receipt = this.#receipts.get(standing);
    if (receipt === undefined) throw new TypeError("a standing of another state");
    return admissionOf(this.#sight, receipt);
  }

  #standingOf({ receipt, manifest }: Installed): Standing {
    const { package_id, plane_id, version } = receipt;
    const { tier, spec_id = null, framework_id = null, dependencies } = manifest;
    const standing: Standing = {
      package_id,
      plane_id,
      version,
      manifest: { tier, spec_id, framework_id, dependencies },
      receipt: receiptPath(package_id, plane_id),
      files: receipt.files,
      evidence: receiptEvidence(this.#sight, package_id, plane_id),
    };
    this.#receipts.set(standing, receipt);
    return standing;
  }
}

/** The same pair in two tiers counts once for each range. */
function distinct(edges: readonly StateEdge[]): StateEdge[] {
  const seen = new Map<string, StateEdge>();
  for (const { from, to, range } of edges) {
    const key = `${from} ${to} ${range}`;
    if (!seen.has(key)) seen.set(key, { from, to, range });
  }
  return [...seen.values()];
}
