import type { FindingsDocument, Format } from "./document.ts";
import { renderGithub } from "./github.ts";
import { renderJunit } from "./junit.ts";
import { renderMarkdown } from "./markdown.ts";
import { renderSarif } from "./sarif.ts";

const RENDERERS: Readonly<Record<Format, (document: FindingsDocument) => string>> = {
  sarif: renderSarif,
  junit: renderJunit,
  github: renderGithub,
  markdown: renderMarkdown,
};

/** The whole text, ending in a newline. The same document gives the same bytes. */
export const renderReport = (document: FindingsDocument, format: Format): string =>
  RENDERERS[format](document);
