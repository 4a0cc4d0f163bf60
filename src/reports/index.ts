export { type FindingsDocument, FORMATS, type Format, type Rule } from "./document.ts";
export { renderReport } from "./render.ts";
