/** All declared dependencies, by either end. */
import type { FactEdge } from "./facts.ts";
import { addTo } from "./lists.ts";

export class EdgeTable {
  readonly #from = new Map<string, FactEdge[]>();
  readonly #to = new Map<string, FactEdge[]>();

  constructor(edges: Iterable<FactEdge>) {
    for (const edge of edges) {
      addTo(this.#from, edge.from, edge);
      addTo(this.#to, edge.to, edge);
    }
  }

  from(id: string): readonly FactEdge[] {
    return this.#from.get(id) ?? [];
  }

  to(id: string): readonly FactEdge[] {
    return this.#to.get(id) ?? [];
  }
}
