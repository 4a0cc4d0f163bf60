/** The report of a run, and the result of a matrix, in the forms that people and other programs read. */
import type { GoldenMatrix, GoldenReport } from "../../contracts/index.ts";
import { goldenHtml } from "./html.ts";
import { goldenJunit } from "./junit.ts";
import { goldenMarkdown } from "./markdown.ts";
import { matrixHtml } from "./matrix-html.ts";
import { matrixJunit } from "./matrix-junit.ts";
import { matrixMarkdown } from "./matrix-markdown.ts";

export const GOLDEN_FORMS = ["markdown", "html", "junit"] as const;
export type GoldenForm = (typeof GOLDEN_FORMS)[number];

const OF_RUN: Readonly<Record<GoldenForm, (report: GoldenReport) => string>> = {
  markdown: goldenMarkdown,
  html: goldenHtml,
  junit: goldenJunit,
};

const OF_MATRIX: Readonly<Record<GoldenForm, (matrix: GoldenMatrix) => string>> = {
  markdown: matrixMarkdown,
  html: matrixHtml,
  junit: matrixJunit,
};

/** The whole text, ending in a newline. The same report gives the same bytes. */
export const renderGolden = (whole: GoldenReport | GoldenMatrix, form: GoldenForm): string =>
  "cells" in whole ? OF_MATRIX[form](whole) : OF_RUN[form](whole);
