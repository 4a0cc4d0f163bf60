/** The report of a run in the forms that people and other programs read. */
import type { GoldenReport } from "../../contracts/index.ts";
import { goldenHtml } from "./html.ts";
import { goldenJunit } from "./junit.ts";
import { goldenMarkdown } from "./markdown.ts";

export const GOLDEN_FORMS = ["markdown", "html", "junit"] as const;
export type GoldenForm = (typeof GOLDEN_FORMS)[number];

const RENDERERS: Readonly<Record<GoldenForm, (report: GoldenReport) => string>> = {
  markdown: goldenMarkdown,
  html: goldenHtml,
  junit: goldenJunit,
};

/** The whole text, ending in a newline. The same report gives the same bytes. */
export const renderGolden = (report: GoldenReport, form: GoldenForm): string => RENDERERS[form](report);
