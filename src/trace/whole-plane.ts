/** The whole plane, or what concerns one answer, as a page or a chart. */
import type { TraceReport } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { flowchart } from "./mermaid.ts";
import type { TraceOptions } from "./options.ts";
import { pageData } from "./page-data.ts";
import { renderTrace } from "./render.ts";
import { Sight } from "./sight.ts";

/** With a report: the page begins with it and holds the packages it names. */
export async function planePage(
  effects: Effects,
  plane: Plane,
  options: TraceOptions = {},
  report?: TraceReport,
): Promise<string> {
  const { htmlPage } = await import("./html.ts");
  const sight = new Sight(effects, plane, options);
  if (report === undefined) return htmlPage(pageData(sight, { answer: null }));
  const [heading = "", ...lines] = renderTrace(report, { evidence: true }).split("\n");
  const answer = { title: heading.replace(/^# /, ""), text: lines.join("\n").trim() };
  return htmlPage(pageData(sight, { ids: packagesIn(report), answer }));
}

/** Every package id anywhere in the answer. */
function packagesIn(report: TraceReport): string[] {
  const ids = JSON.stringify(report).match(/\bPKG(?:-[A-Z0-9]+)+/g) ?? [];
  return [...new Set(ids)].sort(compareCodePoints);
}

/** Who needs whom among everything installed. */
export function planeChart(effects: Effects, plane: Plane, options: TraceOptions = {}): string {
  const sight = new Sight(effects, plane, options);
  const edges = new Map(
    [...sight.edges()].map(({ from, to, range }) => [`${from} ${to} ${range}`, { from, to, label: range }]),
  );
  const alone = sight.installed.map(({ receipt }) => ({ from: plane.config.name, to: receipt.package_id }));
  const needed = new Set([...edges.values()].map(({ to }) => to));
  const tops = new Map(alone.filter(({ to }) => !needed.has(to)).map((edge) => [edge.to, edge]));
  const all = [...tops.values(), ...edges.values()];
  all.sort((a, b) => compareCodePoints(a.from, b.from) || compareCodePoints(a.to, b.to));
  return flowchart(all, plane.config.name);
}
