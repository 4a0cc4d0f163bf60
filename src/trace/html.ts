/** One self-contained page: data, style and script in one file, and a policy that forbids it every request. */
import { createHash } from "node:crypto";
import { PAGE_SCRIPT, PAGE_STYLE } from "./generated/page-parts.ts";
import type { PageData } from "./page-data.ts";

/**
 * The same data gives the same bytes. Data stands in a block that is no script; what could end it, or be taken for
 * markup, is written as an escape, and the script puts it into the page as text only.
 */
export function htmlPage(data: PageData): string {
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(PAGE_SCRIPT)}'`,
    `style-src '${hashOf(PAGE_STYLE)}'`,
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
    `<title>${escaped(data.title)}</title>`,
    '<link rel="icon" href="data:,">',
    `<style>${PAGE_STYLE}</style>`,
    "</head>",
    "<body>",
    '<header><h1 id="title"></h1><p class="counts" id="counts"></p>',
    '<input id="search" type="search" placeholder="Search ids, names, paths, people…" aria-label="Search" autocomplete="off">',
    '<nav id="tabs" role="tablist" aria-label="What to list"></nav></header>',
    '<main><section id="list" aria-label="List"></section><section id="detail" aria-label="Detail"></section></main>',
    "<noscript>This page needs its own script to show its data; it asks nothing of any network.</noscript>",
    `<script type="application/json" id="data">${jsonIn(data)}</script>`,
    `<script type="module">${PAGE_SCRIPT}</script>`,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

const hashOf = (text: string): string =>
  `sha256-${createHash("sha256").update(text, "utf8").digest("base64")}`;

/** JSON in which no text can end its block, and no older parser sees a line end. */
const jsonIn = (data: PageData): string =>
  JSON.stringify(data).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
