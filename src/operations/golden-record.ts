/** `golden record`: what a run found becomes signed evidence beside the archives it is about. */
import { z } from "zod";
import { type Recorded, readReport, recordEvidence } from "../gates/index.ts";
import { absolute } from "../plane/index.ts";
import { type Context, operation, planeOf } from "./define.ts";
import { make } from "./faults.ts";

const REPORT_BYTES_MAX = 256 << 20;

export const goldenRecord = operation({
  name: "golden record",
  summary: "Record what a run found as signed evidence beside the archives it is about, and in the ledger.",
  examples: ["golden record report.json", "golden run PKG-T3-ECHO-001@1.0.0 --json | golden record -"],
  authorised: true,
  input: z.strictObject({
    report: z.string().min(1).meta({
      description: "Report of golden run, golden matrix or golden merge, as JSON; - reads what is piped in.",
      positional: 0,
    }),
  }),
  run: async (context, { report }) => {
    const plane = planeOf(context);
    const text = await reportText(context, report);
    const { token, wait_ms } = context;
    const read = readReport(text, report);
    return { result: await recordEvidence(context.effects, plane, { report: read, token, wait_ms }) };
  },
  text: recordedText,
});

/** @throws REPORT_UNREADABLE */
async function reportText({ effects, readInput }: Context, path: string): Promise<string> {
  if (path === "-") return (await readInput(REPORT_BYTES_MAX)).toString("utf8");
  try {
    return effects.fs.readText(effects.fs.realPath(absolute(effects.host.cwd, path)));
  } catch (error) {
    const problem = (error as NodeJS.ErrnoException).code ?? String(error);
    throw make("REPORT_UNREADABLE", `${path} cannot be read (${problem})`, { path, problem });
  }
}

export function recordedText({ recorded, skipped }: Recorded): string {
  return [
    ...recorded.flatMap(({ package_id, version, result, path, evidence_digest }) => [
      `Recorded ${package_id} ${version}: ${result} -> ${path}`,
      `  sha256 ${evidence_digest}`,
    ]),
    ...skipped.map(
      ({ package_id, version, stored }) =>
        `Not recorded: ${package_id} ${version}, ${stored === null ? "which the store does not hold" : "of which the store holds other bytes"}`,
    ),
    "",
  ].join("\n");
}
