/** Who asked for a chosen package: sentences from the request down to it, as few as possible. */
import { compareCodePoints } from "../../kernel/index.ts";
import { type Candidate, type Model, rangeTakes } from "./model.ts";

export function reasonsOf(model: Model, taken: ReadonlyMap<string, Candidate>): Map<string, string[]> {
  const why = new Map<string, string[]>();
  const wanted = new Set(model.problem.wanted.map(({ id }) => id));
  for (const id of [...wanted].sort(compareCodePoints)) why.set(id, [`you asked for ${id}`]);
  // A map grows while it is walked: breadth first.
  for (const [id, chain] of why) {
    const one = taken.get(id);
    if (one === undefined) continue;
    for (const { id: on, range } of one.dependencies)
      if (taken.has(on) && !why.has(on)) why.set(on, [...chain, `${id} ${one.version} needs ${on} ${range}`]);
    if (one.state !== "new") continue;
    for (const by of [...model.dependentsOf(id), ...model.enemiesOf(id)]) {
      const before = model.packageOf(by).candidates[0];
      if (before === undefined || why.has(by) || taken.get(by)?.state !== "new") continue;
      const needs = before.dependencies.filter((other) => other.id === id);
      const need = needs.find(({ range }) => !rangeTakes(model, id, one.version, range)) ?? needs[0];
      const verb = need === undefined ? `conflicts with ${id}` : `needs ${id} ${need.range}`;
      why.set(by, [...chain, `${by} ${before.version}, which is installed, ${verb}`]);
    }
  }
  return why;
}
