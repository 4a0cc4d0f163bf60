/** Text of unknown origin as text of another form, so that none of it is taken for markup. */
import { printable } from "./printable.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** For attributes and content of XML 1.0, which has no way to write most control characters: they are shown. */
export const xmlText = (text: string): string =>
  printable(text).replace(/[&<>"]/g, (one) => ENTITIES[one] ?? one);
export const htmlText = (text: string): string =>
  printable(text).replace(/[&<>"']/g, (one) => ENTITIES[one] ?? one);
export const markdownText = (text: string): string =>
  printable(text).replace(/[\\`*_{}[\]<>()#+!|~&-]/g, "\\$&");

/** Code in Markdown, within a fence longer than any run of backticks inside. */
export function markdownCode(text: string): string {
  const plain = printable(text);
  const longest = Math.max(0, ...[...plain.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const pad = plain.startsWith("`") || plain.endsWith("`") ? " " : "";
  return `${fence}${pad}${plain}${pad}${fence}`;
}
