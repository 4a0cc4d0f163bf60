/** What happens to what a run or a matrix found: its form, the file it goes to, and the evidence it becomes. */
import { z } from "zod";
import type { GoldenMatrix, GoldenReport } from "../contracts/index.ts";
import { type Recorded, recordEvidence } from "../gates/index.ts";
import { GOLDEN_FORMS, renderGolden } from "../harness/index.ts";
import { outputPlace, type Plane, writeOutput } from "../plane/index.ts";
import { type Context, planeOf } from "./define.ts";
import { textOfMatrix } from "./golden-matrix-report.ts";
import { recordedText } from "./golden-record.ts";
import { textOfGolden } from "./golden-report.ts";

const format = z.enum(["text", "json", ...GOLDEN_FORMS]).default("text");

export const formFlags = {
  record: z.boolean().default(false).meta({
    description: "Record what it found as signed evidence in the plane; wants a token.",
  }),
  format: format.meta({ description: "Form of the report. --json alone is the same as --format json." }),
  out: z.string().min(1).optional().meta({ description: "File to write the report to." }),
};

export type Whole = GoldenReport | GoldenMatrix;

interface Wish {
  readonly record: boolean;
  readonly format: z.output<typeof format>;
  readonly out?: string | undefined;
}

/** Refuses before anything runs. @returns the plane that is to have the evidence @throws OUTPUT_REFUSED, PLANE_NOT_FOUND */
export function planeToRecordIn(context: Context, { record, out }: Wish): Plane | undefined {
  if (out !== undefined) outputPlace(context.effects, out);
  return record ? planeOf(context) : undefined;
}

/** @throws what recording throws; the report is in its file by then */
export async function settleReport(
  { effects, token, wait_ms }: Context,
  { out, format: form }: Wish,
  report: Whole,
  plane: Plane | undefined,
): Promise<Recorded | undefined> {
  if (out !== undefined) writeOutput(effects, out, formOf(report, form));
  return plane === undefined ? undefined : recordEvidence(effects, plane, { report, token, wait_ms });
}

export function reportText(
  { format: form, out }: Wish,
  report: Whole,
  recorded: Recorded | undefined,
): string {
  // A form for other programs stays whole: what was recorded is no part of it.
  if (out === undefined && form !== "text") return formOf(report, form);
  const written = out === undefined ? "" : `Report: ${out}\n`;
  return `${textOf(report)}${recorded === undefined ? "" : recordedText(recorded)}${written}`;
}

export const textOf = (whole: Whole): string =>
  "cells" in whole ? textOfMatrix(whole) : textOfGolden(whole);

function formOf(report: Whole, form: Wish["format"]): string {
  if (form === "text") return textOf(report);
  return form === "json" ? `${JSON.stringify(report, null, 2)}\n` : renderGolden(report, form);
}
