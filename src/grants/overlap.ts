/** Whether two scopes have anything in common. Sound for denying: a no is always right. */
import type { Scope } from "../contracts/index.ts";
import { covers, partsOf } from "./scopes.ts";

export function overlaps(a: Scope, b: Scope): boolean {
  const one = partsOf(a);
  const other = partsOf(b);
  if (one === undefined || other === undefined || one.kind !== other.kind) return false;
  if (one.kind.startsWith("files.")) return globsOverlap(one.value, other.value);
  // A ceiling of n allows every smaller number, too.
  if (one.kind === "tokens" || one.kind === "cost") return true;
  if (one.kind === "environment" || one.kind === "tool") return namesOverlap(one.value, other.value);
  if (one.kind !== "network") return true;
  // A name without a port stands for the name at any port.
  const bare = portOf(one.value) === "" || portOf(other.value) === "";
  const [left, right] = bare ? [withoutPort(a), withoutPort(b)] : [a, b];
  return covers(left, right) || covers(right, left);
}

const withoutPort = (scope: Scope): Scope => scope.replace(/:\d+$/, "");
const portOf = (domain: string): string => /:(\d+)$/.exec(domain)?.[1] ?? "";

const globsOverlap = (a: string, b: string): boolean =>
  meet(a.split("/"), b.split("/"), "**", (x, y) => namesOverlap(x, y));

const namesOverlap = (a: string, b: string): boolean =>
  meet(
    Array.from(a.replace(/\*+/g, "*")),
    Array.from(b.replace(/\*+/g, "*")),
    "*",
    (x, y) => x === y || x === "?" || y === "?",
  );

/** Whether some sequence matches both: one row of a table at a time, so length times length at most. */
function meet(
  a: readonly string[],
  b: readonly string[],
  any: string,
  equal: (x: string, y: string) => boolean,
): boolean {
  // row[j]: the rest of `a` from i and the rest of `b` from j have a sequence in common.
  let below: boolean[] = [];
  for (let i = a.length; i >= 0; i--) {
    const row: boolean[] = [];
    for (let j = b.length; j >= 0; j--) row[j] = cell(i, j, row, below);
    below = row;
  }
  return below[0] ?? false;

  function cell(i: number, j: number, row: readonly boolean[], under: readonly boolean[]): boolean {
    const x = a[i];
    const y = b[j];
    if (x === any || y === any) {
      // An `any` ends here, or takes one more item of the other; both ways lead one step on.
      const on_in_a = x !== undefined && under[j] === true;
      const on_in_b = y !== undefined && row[j + 1] === true;
      return on_in_a || on_in_b;
    }
    if (x === undefined || y === undefined) return x === y;
    return under[j + 1] === true && equal(x, y);
  }
}
