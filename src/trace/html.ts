/** One self-contained page: data, style and script in one file. */
import { htmlDocument } from "../reports/index.ts";
import { PAGE_SCRIPT, PAGE_STYLE } from "./generated/page-parts.ts";
import type { PageData } from "./page-data.ts";

/**
 * The same data gives the same bytes. Data stands in a block that is no script; what could end it, or be taken for
 * markup, is written as an escape, and the script puts it into the page as text only.
 */
export const htmlPage = (data: PageData): string =>
  htmlDocument({
    title: data.title,
    style: PAGE_STYLE,
    script: PAGE_SCRIPT,
    body: [
      '<header><h1 id="title"></h1><p class="counts" id="counts"></p>',
      '<input id="search" type="search" placeholder="Search ids, names, paths, people…" aria-label="Search" autocomplete="off">',
      '<nav id="tabs" role="tablist" aria-label="What to list"></nav></header>',
      '<main><section id="list" aria-label="List"></section><section id="detail" aria-label="Detail"></section></main>',
      "<noscript>This page needs its own script to show its data; it asks nothing of any network.</noscript>",
      `<script type="application/json" id="data">${jsonIn(data)}</script>`,
    ],
  });

/** JSON in which no text can end its block, and no older parser sees a line end. */
const jsonIn = (data: PageData): string =>
  JSON.stringify(data).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
