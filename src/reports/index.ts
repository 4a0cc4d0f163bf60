export { type FindingsDocument, FORMATS, type Rule } from "./document.ts";
export { htmlText, markdownCode, markdownText, xmlText } from "./escaped.ts";
export { type HtmlDocument, htmlDocument } from "./html-document.ts";
export { renderReport } from "./render.ts";
