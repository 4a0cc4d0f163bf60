import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Graph, pathsBetween } from "../../src/trace/paths-between.ts";

function graphOf(edges: readonly (readonly [string, string])[]): Graph {
  const below = new Map<string, string[]>();
  const above = new Map<string, string[]>();
  for (const [from, to] of edges) {
    below.set(from, [...(below.get(from) ?? []), to]);
    above.set(to, [...(above.get(to) ?? []), from]);
  }
  return { below: (id) => below.get(id) ?? [], above: (id) => above.get(id) ?? [] };
}

/** Every path, the slow and plain way. */
function allPaths(graph: Graph, from: string, to: string, path: readonly string[] = [from]): string[][] {
  return [...new Set(graph.below(path.at(-1) ?? ""))].flatMap((next) => {
    if (next === to) return [[...path, next]];
    return path.includes(next) ? [] : allPaths(graph, from, to, [...path, next]);
  });
}

const lines = (paths: readonly (readonly string[])[]): string[] => paths.map((path) => path.join(" "));

describe("pathsBetween()", () => {
  test("no path, unknown names, and a name to itself", () => {
    const graph = graphOf([["a", "b"]]);
    expect(pathsBetween(graph, "b", "a", 10)).toEqual({ paths: [], count: 0, exact: true, cycle: [] });
    expect(pathsBetween(graph, "x", "y", 10).count).toBe(0);
    expect(pathsBetween(graph, "a", "a", 10).count).toBe(0);
  });

  test("finds in any small graph, circles included, exactly the paths that are there, shortest first", () => {
    const node = fc.constantFrom("a", "b", "c", "d", "e", "f");
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(node, node), { maxLength: 14 }), (edges) => {
        const graph = graphOf(edges);
        const found = pathsBetween(graph, "a", "f", 10_000);
        const wanted = allPaths(graph, "a", "f");
        expect(new Set(lines(found.paths))).toEqual(new Set(lines(wanted)));
        expect([found.count, found.exact]).toEqual([new Set(lines(wanted)).size, true]);
        const lengths = found.paths.map(({ length }) => length);
        expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
      }),
      { seed: 20260301, numRuns: 400 },
    );
  });

  test("a chain of 20,000 is followed without running out of stack", () => {
    const edges = Array.from({ length: 20_000 }, (_, i) => [`n${i}`, `n${i + 1}`] as const);
    const { paths, count } = pathsBetween(graphOf(edges), "n0", "n20000", 5);
    expect([count, paths[0]?.length]).toEqual([1, 20_001]);
  });

  test("2^40 paths are counted without walking them, and the first few are listed", () => {
    const edges = Array.from({ length: 40 }, (_, i) => [
      [`n${i}`, `l${i}`] as const,
      [`n${i}`, `r${i}`] as const,
      [`l${i}`, `n${i + 1}`] as const,
      [`r${i}`, `n${i + 1}`] as const,
    ]).flat();
    const found = pathsBetween(graphOf(edges), "n0", "n40", 3);
    expect([found.paths.length, found.count, found.exact]).toEqual([3, 2 ** 40, true]);
  });

  test("a thicket of circles ends in time and says that the count is a least one", () => {
    const names = Array.from({ length: 24 }, (_, i) => `n${i}`);
    const edges = names.flatMap((a) => names.filter((b) => a !== b).map((b) => [a, b] as const));
    const started_ms = performance.now();
    const found = pathsBetween(graphOf(edges), "n0", "n1", 50);
    expect([found.paths.length, found.exact, found.cycle.length > 0]).toEqual([50, false, true]);
    expect(performance.now() - started_ms).toBeLessThan(5_000);
  });
});
