/** Within a minimal core: who brought a package in. */
import type { Constraint } from "./constraints.ts";
import { type Model, rangeTakes } from "./model.ts";

type Edge = Exclude<Constraint, { kind: "wanted" | "keep" }>;

const nodeOf = (id: string, version: string): string => `${id} ${version}`;

export class Origins {
  readonly #model: Model;
  /** By `ID VERSION`: from the request down to it, itself included. Installed ones that nobody asked for start alone. */
  readonly #chains = new Map<string, string[]>();
  readonly #asked: ReadonlySet<string>;
  readonly #above: ReadonlySet<string>;
  /** By the id of the package, its constraints on others. */
  readonly #versions = new Map<string, Set<string>>();

  readonly #edges: readonly Edge[];

  constructor(model: Model, core: readonly Constraint[]) {
    this.#model = model;
    this.#asked = new Set(core.flatMap((one) => (one.kind === "wanted" ? [one.id] : [])));
    const edges = core.filter((one) => one.kind !== "wanted" && one.kind !== "keep");
    this.#edges = edges;
    this.#above = new Set(edges.map(({ by }) => by));
    for (const { by, version } of edges)
      this.#versions.set(by, (this.#versions.get(by) ?? new Set<string>()).add(version));
    for (const { by, version } of edges)
      if (this.#asked.has(by)) this.#chains.set(nodeOf(by, version), [nodeOf(by, version)]);
    this.#spread(edges);
    for (const { by, version, is_installed } of edges)
      if (is_installed && !this.#chains.has(nodeOf(by, version)))
        this.#chains.set(nodeOf(by, version), [nodeOf(by, version)]);
    this.#spread(edges);
  }

  /** Whether the core says why versions of this package will not do. */
  hasBelow(id: string): boolean {
    return this.#above.has(id);
  }

  /** Packages above this one, each with its version, the one asked for first. */
  chainTo(id: string, version: string): string[] {
    return (this.#chains.get(nodeOf(id, version)) ?? []).slice(0, -1);
  }

  /** In words, for brackets. */
  note(id: string, version: string): string {
    const above = this.chainTo(id, version).at(-1);
    if (this.#asked.has(id)) return "you asked for it";
    return above === undefined ? "installed" : `needed by ${above}`;
  }

  /** The same for a package whose version does not matter. Undefined when the core does not say. */
  noteOfAny(id: string): string | undefined {
    if (this.#asked.has(id)) return "you asked for it";
    const by = this.#edges.find((one) => one.kind === "need" && one.id === id);
    if (by !== undefined) return `needed by ${nodeOf(by.by, by.version)}`;
    const present = this.#model.problem.installed.get(id);
    return present === undefined ? undefined : "installed";
  }

  depth(constraint: Constraint): number {
    if (constraint.kind === "wanted") return 0;
    if (constraint.kind === "keep") return Number.MAX_SAFE_INTEGER;
    return this.#chains.get(nodeOf(constraint.by, constraint.version))?.length ?? 0;
  }

  #spread(edges: readonly Edge[]): void {
    for (const [node, chain] of this.#chains)
      for (const edge of edges) {
        if (edge.kind !== "need" || nodeOf(edge.by, edge.version) !== node) continue;
        for (const version of this.#versions.get(edge.id) ?? []) {
          const below = nodeOf(edge.id, version);
          if (!this.#chains.has(below) && rangeTakes(this.#model, edge.id, version, edge.range))
            this.#chains.set(below, [...chain, below]);
        }
      }
  }
}
