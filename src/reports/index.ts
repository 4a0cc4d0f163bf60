export { type FindingsDocument, FORMATS, type Rule } from "./document.ts";
export { htmlText, markdownCode, markdownText, xmlText } from "./escaped.ts";
export { renderReport } from "./render.ts";
