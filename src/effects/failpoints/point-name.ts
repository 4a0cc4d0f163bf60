/** Which artefact a path belongs to, by where it lies, and which phase the journal's bytes begin. */
import { type ARTEFACTS, PHASES, type Phase } from "./catalogue.ts";

export type Artefact = keyof typeof ARTEFACTS;

const OF_TRANSACTION = String.raw`\/\.holdfast\/state\/(transactions|preparing)\/TX-[^/]+`;
const within = (rest: string): RegExp => new RegExp(`${OF_TRANSACTION}${rest}`);

/**
 * First match wins. A plane's root is not known here, so the plane's own folders are told by how their paths end: a
 * package may have a folder called `ledger` too.
 */
const PLACES: readonly (readonly [RegExp, Artefact])[] = [
  [/\.lock(-journal)?$/, "lock"],
  [within(String.raw`\/journal\.jsonl$`), "journal"],
  [within(String.raw`\/changes\.jsonl$`), "changes"],
  [within(String.raw`\/staged(\/|$)`), "staged"],
  [within(String.raw`\/aside(\/|$)`), "aside"],
  [within(String.raw`\/.+`), "extracted"],
  [/\/\.holdfast\/state\/(transactions|preparing)(\/|$)/, "transaction"],
  [/\/\.holdfast\/state\/(generations|kept)(\/|$)/, "kept"],
  [/\/\.holdfast\/state\/generation\.json[^/]*$/, "generation"],
  [/\/\.holdfast\/state\/reserve$/, "reserve"],
  [/\/\.holdfast\/state\/environments(\/|$)/, "environment"],
  [/\/\.holdfast\/state(\/|$)/, "state"],
  [/\/\.holdfast\/cache\/downloads(\/|$)/, "download"],
  [/\/planes\/[0-9a-f]{32}\/heads(\/[^/]+)?$/, "head"],
  [/\/planes\/[0-9a-f]{32}(\/[^/]+)?$/, "key"],
  [/\/ledger(\/[^/]+\.jsonl[^/]*)?$/, "ledger"],
  [/\/registries(\/[^/]+\.csv[^/]*)?$/, "registry"],
  [/\/installed(\/PKG-[A-Z0-9-]+(\/[^/]+)?)?$/, "receipt"],
  [/(\/packages_store(\/[^/]+)?|\.tar\.gz[^/]*)$/, "archive"],
];

export const artefactOf = (path: string): Artefact =>
  PLACES.find(([place]) => place.test(path))?.[1] ?? "file";

const isPhase = (name: string): name is Phase => Object.hasOwn(PHASES, name);

/** The phase that begins with what was written to a journal; undefined when it goes on. */
export function phaseAfter(text: string): Phase | undefined {
  const [, state = "", phase = ""] = /"state":"([a-z]+)"(?:,"phase":"([a-z-]+)")?/.exec(text) ?? [];
  if (state === "phase" && isPhase(phase)) return phase;
  if (state === "begun") return "start";
  if (state === "committed") return "settle";
  return state === "undone" ? "undo" : undefined;
}
