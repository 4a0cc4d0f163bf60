import { z } from "zod";
import { isApproved } from "../lifecycle/index.ts";
import { findPython } from "../python/index.ts";
import { type ClaimReport, examineSandbox, type LayerReport, type SandboxReport } from "../sandbox/index.ts";
import { type Context, operation, planeOf } from "./define.ts";

export const sandboxDoctor = operation({
  name: "sandbox doctor",
  summary: "Try to break every promise of the sandbox of plugins on this machine, and say which held.",
  examples: ["pkg sandbox doctor", "pkg sandbox doctor --json"],
  authorised: false,
  input: z.strictObject({}),
  run: async (context) => {
    const { effects, files, onProgress } = context;
    const report = await examineSandbox(effects, {
      python: await pythonOf(context),
      node: { executable: files.node, readable: [], version: effects.host.node_version },
      accepts_weaker: () => isAccepted(context),
      onProgress,
    });
    return { result: report, exit_code: report.is_proven ? 0 : 1 };
  },
  text: (report) => [...layerLines(report), "", ...claimLines(report), "", verdict(report), ""].join("\n"),
});

type DoctorPython = Parameters<typeof examineSandbox>[1]["python"];

/** Undefined where there is none: the promises are tried with Node alone then. */
async function pythonOf({ effects }: Context): Promise<DoctorPython> {
  try {
    const { executable, files: readable } = await findPython(effects);
    return { executable, readable };
  } catch {
    return undefined;
  }
}

/** Outside of a plane nobody can have accepted anything. */
function isAccepted(context: Context): boolean {
  try {
    return isApproved(context.effects, planeOf(context), "run-without-bubblewrap");
  } catch {
    return false;
  }
}

const layerLines = ({ layers, kernel, uid }: SandboxReport): string[] => [
  `Kernel ${kernel}, user ${uid}`,
  ...layers.map(({ layer, is_usable, is_in_use, reason, cure }) => {
    const state = stateOf({ is_in_use, is_usable, reason });
    const why = reason === null ? "" : `: ${reason}${cure === null ? "" : `; run "${cure}"`}`;
    return `  ${layer.padEnd(12)}${state}${why}`;
  }),
];

function stateOf({ is_in_use, is_usable, reason }: Pick<LayerReport, "is_in_use" | "is_usable" | "reason">) {
  if (is_in_use) return "in use";
  if (!is_usable) return "not usable";
  return reason === null ? "there, used with an approval alone" : "passed over";
}

const WIDTHS = { claim: 18, layer: 12 } as const;

const claimLines = ({ claims }: SandboxReport): string[] => [
  ...(claims.length === 0
    ? []
    : [`  ${"claim".padEnd(WIDTHS.claim)}${"layer".padEnd(WIDTHS.layer)}proven in profiles`]),
  ...claims.map(claimLine),
];

function claimLine({ claim, layer, tried, proven, is_proven, is_promise, seen, text }: ClaimReport): string {
  const columns = `  ${claim.padEnd(WIDTHS.claim)}${layer.padEnd(WIDTHS.layer)}`;
  const missed = tried.filter((profile) => !proven.includes(profile));
  const where = proven.length === 0 ? "every profile" : missed.join(", ");
  if (!is_proven)
    return `${columns}${is_promise ? "BROKEN" : "missing, and runs go on,"} in ${where}: ${seen}`;
  return `${columns}${proven.length} of ${tried.length}: ${text}`;
}

function verdict({ claims, is_proven, layers }: SandboxReport): string {
  const in_use = layers.find((one) => one.is_in_use);
  if (in_use === undefined) return "No plugin can run: there is no layer that may be used.";
  if (is_proven) return `All ${claims.length} promises hold behind ${in_use.layer}.`;
  return `Plugins are refused: ${claims.filter((one) => one.is_promise && !one.is_proven).length} of ${claims.length} promises do not hold.`;
}
