/** What is in force now, from receipts and registries. */
import type { Evidence, Receipt, TracedAdmission } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { type Installed, receiptPath } from "../receipts/index.ts";
import { parseDependencies } from "../registry/index.ts";
import { admissionOf } from "./admission.ts";
import { dependencyPlaces, receiptEvidence } from "./evidence.ts";
import { addTo } from "./lists.ts";
import type { Sight } from "./sight.ts";
import type { Standing, State, StateEdge, StateSummary } from "./state.ts";

export class StateNow implements State {
  readonly at = null;
  readonly #sight: Sight;
  readonly #receipts = new Map<Standing, Receipt>();
  #below: Map<string, StateEdge[]> | undefined;
  #above: Map<string, StateEdge[]> | undefined;

  constructor(sight: Sight) {
    this.#sight = sight;
  }

  ids(): readonly string[] {
    return this.#sight.installedIds().toSorted(compareCodePoints);
  }

  summaryOf(package_id: string): StateSummary | undefined {
    return this.#sight.summaryOf(package_id);
  }

  standings(package_id: string): Standing[] {
    return this.#sight.installedAs(package_id).map((installed) => this.#standingOf(installed));
  }

  /** Of what is only registered: what its row declares. */
  dependenciesOf(package_id: string): readonly StateEdge[] {
    this.#index();
    const known = this.#below?.get(package_id);
    if (known !== undefined) return known;
    const cell = this.#sight.table("packages_registry").get(package_id)?.["deps"] ?? "";
    if (this.#sight.summaryOf(package_id) !== undefined) return [];
    return parseDependencies(cell).dependencies.map(({ id, range }) => ({ from: package_id, to: id, range }));
  }

  dependentsOf(package_id: string): readonly StateEdge[] {
    this.#index();
    return this.#above?.get(package_id) ?? [];
  }

  /** One pass over all edges. The same pair in two tiers counts once for each range. */
  #index(): void {
    if (this.#below !== undefined) return;
    this.#below = new Map();
    this.#above = new Map();
    const seen = new Set<string>();
    for (const { from, to, range } of this.#sight.edges()) {
      const key = `${from} ${to} ${range}`;
      if (seen.has(key)) continue;
      seen.add(key);
      addTo(this.#below, from, { from, to, range });
      addTo(this.#above, to, { from, to, range });
    }
    for (const edges of this.#below.values()) edges.sort((a, b) => compareCodePoints(a.to, b.to));
    for (const edges of this.#above.values()) edges.sort((a, b) => compareCodePoints(a.from, b.from));
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
    const { tier, package_type, spec_id = null, framework_id = null, dependencies } = manifest;
    const standing: Standing = {
      package_id,
      plane_id,
      version,
      manifest: { tier, package_type, spec_id, framework_id, dependencies },
      receipt: receiptPath(package_id, plane_id),
      files: receipt.files,
      evidence: receiptEvidence(this.#sight, package_id, plane_id),
    };
    this.#receipts.set(standing, receipt);
    return standing;
  }
}
