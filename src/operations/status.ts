import { z } from "zod";
import type { Finding } from "../contracts/index.ts";
import { compareIndex, type IndexPart } from "../index-db/index.ts";
import { planeStatus } from "../lifecycle/index.ts";
import { ledgerStreams, reading } from "../plane/index.ts";
import { operation, planeOf } from "./define.ts";
import { indexLines } from "./rebuild-index.ts";

export const status = operation({
  name: "status",
  summary: "Show the plane's generation, what can be rolled back to, and what is under way.",
  examples: ["pkg status", "pkg status --json"],
  authorised: false,
  input: z.strictObject({}),
  run: async (context) => {
    const { effects } = context;
    const plane = planeOf(context);
    const result = await reading(effects, plane, async () => {
      const index = compareIndex(effects, plane.root, ledgerStreams(effects.fs, plane.root));
      return { ...planeStatus(effects, plane), index, findings: index.flatMap(divergence) };
    });
    return { result, exit_code: result.findings.length === 0 ? 0 : 1 };
  },
  text: (result) => {
    const installed = result.installed.map(({ package_id, version, plane_id, can_go_back_to }) => {
      const where = plane_id === "ho3" ? "" : ` in ${plane_id}`;
      const back = can_go_back_to.filter((one) => one !== version);
      return `  ${package_id} ${version}${where}${back.length === 0 ? "" : ` (kept: ${back.join(", ")})`}`;
    });
    const kept = result.kept.map(
      (one) =>
        `  ${one.generation}  ${one.committed_at}  ${one.operation} ${one.subject} by ${one.user}` +
        `  (${one.files} files, ${one.size_bytes} bytes)`,
    );
    const good = result.good.map(
      ({ generation, marked_by, note }) => `  ${generation} by ${marked_by}: ${note}`,
    );
    const under_way = [
      ...result.pending.map((id) => `  ${id} was interrupted; "pkg doctor" settles it`),
      ...result.preparing.map((id) => `  ${id} is being prepared`),
    ];
    return [
      `Generation ${result.generation}, ${result.installed.length} package(s) installed`,
      ...installed,
      `${kept.length} generation(s) kept`,
      ...kept,
      ...(good.length === 0 ? [] : ["Marked good", ...good]),
      ...(under_way.length === 0 ? ["Nothing is under way"] : ["Under way", ...under_way]),
      "Canonical files and the index derived from them",
      ...indexLines(result.index),
      ...result.findings.map(({ code, message, next_step }) => `${message} [${code}]\n  next:  ${next_step}`),
      `Reserve for rollbacks: ${result.reserve_bytes} bytes; free: ${result.free_bytes} bytes`,
      "",
    ].join("\n");
  },
});

function divergence({ part, source, canonical, derived, state }: IndexPart): Finding[] {
  if (state !== "diverged") return [];
  const message = `the index holds ${derived} ${part} of ${source}, which has ${canonical}, and takes itself for current`;
  const next_step = 'Run "pkg rebuild-index".';
  return [{ code: "INDEX_DIVERGED", severity: "error", message, next_step, path: source }];
}
