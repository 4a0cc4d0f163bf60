export { type FindingsDocument, FORMATS, type Rule } from "./document.ts";
export { renderReport } from "./render.ts";
