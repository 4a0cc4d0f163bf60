import { z } from "zod";
import { planeStatus } from "../lifecycle/index.ts";
import { reading } from "../plane/index.ts";
import { operation, planeOf } from "./define.ts";

export const status = operation({
  name: "status",
  summary: "Show the plane's generation, what can be rolled back to, and what is under way.",
  examples: ["pkg status", "pkg status --json"],
  authorised: false,
  input: z.strictObject({}),
  run: async (context) => {
    const plane = planeOf(context);
    return {
      result: await reading(context.effects, plane, async () => planeStatus(context.effects, plane)),
    };
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
      `Reserve for rollbacks: ${result.reserve_bytes} bytes; free: ${result.free_bytes} bytes`,
      "",
    ].join("\n");
  },
});
