/** Places of wanted fields in TOML, from its syntax tree. */
import type { AST } from "toml-eslint-parser";
import { parseTOML } from "toml-eslint-parser";
import type { Place, Seen } from "./place.ts";
import { childOf, pointerOf } from "./pointer.ts";

/** `text` is TOML the reading parser has accepted; what this one does not accept has no places. */
export function walkToml(text: string, around: ReadonlySet<string>): ReadonlyMap<string, Seen> {
  const places = new Map<string, Seen>();
  const note = (pointer: string, key: AST.TOMLNode, value: AST.TOMLNode): void => {
    // The first mention of a table counts: `[plugin.permissions]` names `plugin`, too.
    if (around.has(pointer) && !places.has(pointer))
      places.set(pointer, { key: placeOf(key), value: placeOf(value) });
  };
  const pending: { pointer: string; node: AST.TOMLContentNode }[] = [];
  const enterPair = (parent: string, pair: AST.TOMLKeyValue): void => {
    let pointer = parent;
    for (const [index, key] of pair.key.keys.entries()) {
      pointer = childOf(pointer, nameOf(key));
      note(pointer, key, index === pair.key.keys.length - 1 ? pair.value : key);
    }
    pending.push({ pointer, node: pair.value });
  };
  for (const entry of topLevel(text)) {
    if (entry.type === "TOMLKeyValue") enterPair("/", entry);
    else {
      noteTable(entry, note);
      for (const pair of entry.body) enterPair(pointerOf(entry.resolvedKey), pair);
    }
  }
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { pointer, node } = next;
    if (node.type === "TOMLInlineTable") for (const pair of node.body) enterPair(pointer, pair);
    if (node.type !== "TOMLArray") continue;
    for (const [index, element] of node.elements.entries()) {
      note(childOf(pointer, index), element, element);
      pending.push({ pointer: childOf(pointer, index), node: element });
    }
  }
  return places;
}

function topLevel(text: string): readonly (AST.TOMLKeyValue | AST.TOMLTable)[] {
  try {
    return parseTOML(text.replace(/^\uFEFF/, "")).body[0].body;
  } catch {
    return [];
  }
}

/** `[a.b]` and `[[a.b]]`: each word of the header is the place of what it names. */
function noteTable(
  table: AST.TOMLTable,
  note: (pointer: string, key: AST.TOMLNode, value: AST.TOMLNode) => void,
): void {
  let pointer = "/";
  let word = 0;
  for (const part of table.resolvedKey) {
    pointer = childOf(pointer, part);
    // A number is the place in a list of tables: it has the word before it.
    const key = typeof part === "number" ? table.key.keys[Math.max(0, word - 1)] : table.key.keys[word++];
    if (key !== undefined) note(pointer, key, key);
  }
}

const nameOf = (key: AST.TOMLBare | AST.TOMLQuoted): string =>
  key.type === "TOMLBare" ? key.name : key.value;

const placeOf = ({ loc }: AST.TOMLNode): Place => ({ line: loc.start.line, column: loc.start.column + 1 });
