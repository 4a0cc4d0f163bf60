/** Figures and tables of a run, as plain text. */
import type { Tally } from "./explore.ts";
import type { Mutant } from "./mutants.ts";

/** Columns as wide as their widest cell; numbers to the right. */
function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const all = [head, ...rows];
  const widths = head.map((_name, at) => Math.max(...all.map((row) => String(row[at] ?? "").length)));
  return all.map((row) =>
    row
      .map((cell, at) => {
        const width = widths[at] ?? 0;
        return typeof cell === "number" ? String(cell).padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

export function tallyTable(tallies: readonly Tally[]): string[] {
  const head = "scenario  points  states  second  before  after  stranded  divergent  littered  continued";
  const rows = tallies.map((tally) => [
    tally.name,
    tally.points,
    tally.states,
    tally.second_states,
    tally.before,
    tally.after,
    tally.stranded,
    tally.divergent,
    tally.litter,
    tally.continued,
  ]);
  return table(head.split(/\s+/), rows);
}

/** Equal names in one line; those that nothing caught come first. */
export function mutantTable(mutants: readonly Mutant[]): string[] {
  const groups = new Map<string, Mutant[]>();
  for (const mutant of mutants) {
    const key = `${mutant.in_recovery ? "recovery: " : ""}${mutant.name}`;
    groups.set(key, [...(groups.get(key) ?? []), mutant]);
  }
  const rows = [...groups].map(([name, members]) => {
    const caught = members.filter(({ caught_by }) => caught_by !== undefined);
    return { name, members: members.length, caught: caught.length, by: caught[0]?.caught_by ?? "-" };
  });
  rows.sort((a, b) => Number(a.caught > 0) - Number(b.caught > 0));
  return table(
    ["mutant: this call does nothing", "caught", "by"],
    rows.map(({ name, members, caught, by }) => [name, `${caught} of ${members}`, by]),
  );
}
