/** `golden checklist`: what stands between a version and its release. */
import { z } from "zod";
import { checklistMarkdown, releaseChecklist } from "../gates/index.ts";
import { outputPlace, reading, writeOutput } from "../plane/index.ts";
import { operation, planeOf } from "./define.ts";
import { subjectNamed } from "./golden-gate.ts";
import { judgeHere } from "./golden-harness.ts";

export const goldenChecklist = operation({
  name: "golden checklist",
  summary:
    "Write the checklist of a release as Markdown: what is done, by digest, and what to run for the rest.",
  examples: [
    "golden checklist PKG-T3-ECHO-001@1.0.0",
    "golden checklist PKG-T3-ECHO-001@1.0.0 --out release.md",
  ],
  authorised: false,
  input: z.strictObject({
    subject: z.string().min(1).meta({
      description: "Package id, with @VERSION; default: the version in the registry.",
      positional: 0,
    }),
    out: z.string().min(1).optional().meta({ description: "File to write it to." }),
  }),
  run: async (context, { subject, out }) => {
    const plane = planeOf(context);
    const { effects } = context;
    if (out !== undefined) outputPlace(effects, out);
    const result = await reading(effects, plane, () =>
      releaseChecklist(
        effects,
        plane,
        subjectNamed(context, plane, subject, "golden checklist"),
        judgeHere(context, plane.root),
      ),
    );
    if (out !== undefined) writeOutput(effects, out, checklistMarkdown(result));
    return { result, exit_code: result.ready ? 0 : 1 };
  },
  text: (result, { out }) =>
    out === undefined
      ? checklistMarkdown(result)
      : `Wrote ${out}: ${result.ready ? "ready" : "not ready"}, ${result.items.filter(({ done }) => !done).length} of ${result.items.length} lines to do\n`,
});
