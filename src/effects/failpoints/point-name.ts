/** Which artefact a path belongs to, by where it lies. */
import type { ARTEFACTS } from "./catalogue.ts";

export type Artefact = keyof typeof ARTEFACTS;

/** First match wins. */
const PLACES: readonly (readonly [RegExp, Artefact])[] = [
  [/(\.lock|\/owner\.lock)$/, "lock"],
  [/\/(transactions|preparing)\/TX-[^/]+\/journal\.jsonl$/, "journal"],
  [/\/(transactions|preparing)\/TX-[^/]+\/changes\.jsonl$/, "changes"],
  [/\/(transactions|preparing)\/TX-[^/]+\/staged(\/|$)/, "staged"],
  [/\/(transactions|preparing)\/TX-[^/]+\/aside(\/|$)/, "aside"],
  [/\/(transactions|preparing)\/TX-[^/]+\/.+/, "extracted"],
  [/\/\.holdfast\/state\/(transactions|preparing)(\/|$)/, "transaction"],
  [/\/\.holdfast\/state\/generations(\/|$)/, "kept"],
  [/\/\.holdfast\/state\/generation\.json/, "generation"],
  [/\/\.holdfast\/state\/reserve$/, "reserve"],
  [/\/\.holdfast\/state(\/|$)/, "state"],
  [/\/\.holdfast\/cache\/downloads(\/|$)/, "download"],
  [/\/heads(\/|$)/, "head"],
  [/\/ledger(\/|$)/, "ledger"],
  [/\/registries(\/|$)/, "registry"],
  [/\/installed(\/|$)/, "receipt"],
  [/(\/packages_store(\/|$)|\.tar\.gz$)/, "archive"],
];

export const artefactOf = (path: string): Artefact =>
  PLACES.find(([place]) => place.test(path))?.[1] ?? "file";

/** The phase a journal's bytes enter, where they enter one. */
export function phaseIn(text: string): string | undefined {
  const phase = /"state":"phase","phase":"([a-z-]+)"/.exec(text)?.[1];
  if (phase !== undefined) return phase;
  if (text.includes('"state":"committed"')) return "settle";
  return text.includes('"state":"undone"') ? "undo" : undefined;
}
