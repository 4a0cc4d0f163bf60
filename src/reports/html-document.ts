/** The shell of a self-contained page: no file beside it, and a policy that forbids it every request. Light and dark. */
import { createHash } from "node:crypto";
import { htmlText } from "./escaped.ts";

export interface HtmlDocument {
  /** Of any origin: it is escaped. */
  readonly title: string;
  readonly style: string;
  /** The one script that may run; without it none may. The body holds it as a module. */
  readonly script?: string;
  /** Lines of markup. */
  readonly body: readonly string[];
}

/** The same parts give the same bytes. */
export function htmlDocument({ title, style, script, body }: HtmlDocument): string {
  const policy = [
    "default-src 'none'",
    ...(script === undefined ? [] : [`script-src '${hashOf(script)}'`]),
    `style-src '${hashOf(style)}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${htmlText(title)}</title>`,
    '<link rel="icon" href="data:,">',
    `<style>${style}</style>`,
    "</head>",
    "<body>",
    ...body,
    ...(script === undefined ? [] : [`<script type="module">${script}</script>`]),
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

const hashOf = (text: string): string =>
  `sha256-${createHash("sha256").update(text, "utf8").digest("base64")}`;
