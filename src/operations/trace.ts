import { z } from "zod";
import { reading } from "../plane/index.ts";
import {
  explain,
  installedList,
  inventory,
  renderInstalled,
  renderInventory,
  renderTrace,
  renderVerify,
  traceExitCode,
  verifyPlane,
} from "../trace/index.ts";
import { type Outcome, operation, planeOf } from "./define.ts";
import { make } from "./faults.ts";
import { launcherDigests } from "./launchers.ts";

type Traced =
  | { readonly mode: "explain"; readonly report: Awaited<ReturnType<typeof explain>> }
  | { readonly mode: "inventory"; readonly report: Awaited<ReturnType<typeof inventory>> }
  | { readonly mode: "installed"; readonly report: ReturnType<typeof installedList> }
  | { readonly mode: "verify"; readonly report: Awaited<ReturnType<typeof verifyPlane>> };

export const trace = operation({
  name: "trace",
  summary:
    "Say what anything in the plane is, whose, why it is here, who allowed it, and whether it is intact.",
  examples: [
    "trace --explain PKG-T1-RUNTIME-001",
    "trace --explain modules/agent_runtime/session.py --json",
    "trace --inventory",
  ],
  authorised: false,
  input: z.strictObject({
    explain: z.string().min(1).optional().meta({
      description: "Package, spec, framework, artifact id, path, digest, ledger entry or transaction.",
      positional: 0,
    }),
    inventory: z.boolean().default(false).meta({ description: "Count everything in the plane." }),
    installed: z.boolean().default(false).meta({ description: "List installed packages." }),
    verify: z.boolean().default(false).meta({ description: "Run the checks and say which pass." }),
  }),
  run: async (context, input): Promise<Outcome<Traced>> => {
    const { effects } = context;
    const plane = planeOf(context);
    const options = { launchers: launcherDigests(context) };
    const subject = input.explain;
    if (subject !== undefined) {
      const report = await reading(effects, plane, () => explain(effects, plane, subject, options));
      return { result: { mode: "explain", report }, exit_code: traceExitCode(report) };
    }
    if (input.inventory)
      return {
        result: {
          mode: "inventory",
          report: await reading(effects, plane, () => inventory(effects, plane, options)),
        },
      };
    if (input.installed)
      return {
        result: {
          mode: "installed",
          report: await reading(effects, plane, async () => installedList(effects, plane)),
        },
      };
    if (input.verify) {
      const report = await reading(effects, plane, () => verifyPlane(effects, plane, options));
      return { result: { mode: "verify", report }, exit_code: report.passed ? 0 : 1 };
    }
    throw make("INPUT_MISSING", "say what to trace: --explain X, --inventory, --installed or --verify", {
      field: "explain",
      command: "trace",
    });
  },
  json: ({ report }) => report,
  text: (result) => {
    if (result.mode === "explain") return renderTrace(result.report);
    if (result.mode === "inventory") return renderInventory(result.report);
    return result.mode === "installed" ? renderInstalled(result.report) : renderVerify(result.report);
  },
});
