/** Edits of TOML text by the places of its syntax tree, leaving comments and layout as they are. */
import { type AST, parseTOML } from "toml-eslint-parser";
import { type Edit, isTexts, type Path, placeFor, tidied } from "./edit.ts";

type Entry = AST.TOMLKeyValue | AST.TOMLTable;

/** Undefined where the text has no such place, or has it in a form that is not edited. */
export function editToml(text: string, edit: Edit): string | undefined {
  let body: readonly Entry[];
  try {
    body = parseTOML(text).body[0].body;
  } catch {
    return undefined;
  }
  if (edit.kind === "rename") return renamed(text, body, edit.at, edit.to);
  if (edit.kind === "remove") return removed(text, body, edit.at);
  const list = pairAt(body, edit.at)?.value;
  if (edit.kind === "add")
    return list === undefined ? withList(text, body, edit) : withItem(text, list, edit.text);
  return list?.type === "TOMLArray" ? tidy(text, list) : undefined;
}

const literal = (text: string): string => JSON.stringify(text);
const spliced = (text: string, [from, to]: readonly [number, number], by: string): string =>
  text.slice(0, from) + by + text.slice(to);

/** Every key with its pair, by whole path; inline tables are entered, lists of them are not. */
function* pairs(body: readonly Entry[]): Generator<{ path: Path; pair: AST.TOMLKeyValue }> {
  const inner = function* (
    path: Path,
    pair: AST.TOMLKeyValue,
  ): Generator<{ path: Path; pair: AST.TOMLKeyValue }> {
    const whole = [...path, ...pair.key.keys.map(nameOf)];
    yield { path: whole, pair };
    if (pair.value.type === "TOMLInlineTable") for (const one of pair.value.body) yield* inner(whole, one);
  };
  for (const entry of body) {
    if (entry.type === "TOMLKeyValue") yield* inner([], entry);
    else for (const pair of entry.body) yield* inner(entry.resolvedKey, pair);
  }
}

const nameOf = (key: AST.TOMLBare | AST.TOMLQuoted): string =>
  key.type === "TOMLBare" ? key.name : key.value;
const same = (a: Path, b: Path): boolean =>
  a.length === b.length && a.every((part, index) => part === b[index]);

function pairAt(body: readonly Entry[], path: Path): AST.TOMLKeyValue | undefined {
  for (const one of pairs(body)) if (same(one.path, path)) return one.pair;
  return undefined;
}

function renamed(text: string, body: readonly Entry[], at: Path, to: string): string | undefined {
  const key = pairAt(body, at)?.key.keys.at(-1) ?? headerKey(body, at);
  if (key === undefined) return undefined;
  return spliced(text, key.range, /^[A-Za-z0-9_-]+$/.test(to) ? to : literal(to));
}

/** The word of a `[a.b]` that names the place; several headers may, and then none is touched. */
function headerKey(body: readonly Entry[], at: Path): AST.TOMLBare | AST.TOMLQuoted | undefined {
  const tables = body.filter((entry): entry is AST.TOMLTable => entry.type === "TOMLTable");
  const naming = tables.filter(({ resolvedKey }) => same(resolvedKey.slice(0, at.length), at));
  const [only] = naming;
  return naming.length === 1 && only !== undefined && same(only.resolvedKey, at)
    ? only.key.keys.at(-1)
    : undefined;
}

/** An item of an inline list, or a `[[table]]` with what belongs to it. */
function removed(text: string, body: readonly Entry[], at: Path): string | undefined {
  const list = pairAt(body, at.slice(0, -1))?.value;
  const index = at.at(-1);
  if (list?.type === "TOMLArray" && typeof index === "number") return withoutItem(text, list, index);
  const own = body.filter(
    (entry) => entry.type === "TOMLTable" && same(entry.resolvedKey.slice(0, at.length), at),
  );
  const [first] = own;
  if (first === undefined) return undefined;
  const start = lineStart(text, first.range[0]);
  const end = lineEnd(text, own.at(-1)?.range[1] ?? first.range[1]);
  // One blank line between what is left is enough.
  const before = text.slice(0, start).replace(/\n{2,}$/, "\n\n");
  const after = text.slice(end).replace(/^\n+/, "");
  return after === "" ? before.replace(/\n+$/, "\n") : before + after;
}

const lineStart = (text: string, at: number): number => text.lastIndexOf("\n", at - 1) + 1;
const lineEnd = (text: string, at: number): number => {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
};

function withoutItem(text: string, { elements }: AST.TOMLArray, index: number): string | undefined {
  const item = elements[index];
  if (item === undefined) return undefined;
  const before = elements[index - 1];
  const after = elements[index + 1];
  // With the comma that parts it from its neighbour.
  if (before !== undefined) return spliced(text, [before.range[1], item.range[1]], "");
  if (after !== undefined) return spliced(text, [item.range[0], after.range[0]], "");
  const comma = /^\s*,/.exec(text.slice(item.range[1]))?.[0].length ?? 0;
  return spliced(text, [item.range[0], item.range[1] + comma], "");
}

function withItem(text: string, list: AST.TOMLContentNode, item: string): string | undefined {
  if (list.type !== "TOMLArray") return undefined;
  const values = textsOf(list);
  if (!isTexts(values)) return undefined;
  const after = list.elements[placeFor(values, item)];
  if (after !== undefined) return spliced(text, [after.range[0], after.range[0]], `${literal(item)}, `);
  const last = list.elements.at(-1);
  if (last === undefined) return spliced(text, list.range, `[${literal(item)}]`);
  return spliced(text, [last.range[1], last.range[1]], `, ${literal(item)}`);
}

/** A new line below the last key of the table it belongs to. */
function withList(
  text: string,
  body: readonly Entry[],
  { at, text: item }: { at: Path; text: string },
): string | undefined {
  const table = body.find(
    (entry): entry is AST.TOMLTable => entry.type === "TOMLTable" && same(entry.resolvedKey, at.slice(0, -1)),
  );
  if (table === undefined) return undefined;
  const end = lineEnd(text, table.body.at(-1)?.range[1] ?? table.key.range[1]);
  const line = `${String(at.at(-1))} = [${literal(item)}]\n`;
  return spliced(text, [end, end], text.charAt(end - 1) === "\n" ? line : `\n${line}`);
}

const textsOf = ({ elements }: AST.TOMLArray): unknown =>
  elements.map((element) => (element.type === "TOMLValue" ? element.value : undefined));

function tidy(text: string, list: AST.TOMLArray): string | undefined {
  const { elements } = list;
  const values = textsOf(list);
  if (!isTexts(values)) return undefined;
  const wanted = tidied(values);
  let next = text;
  const kept = elements[wanted.length - 1];
  const last = elements.at(-1);
  if (kept !== undefined && last !== undefined && kept !== last)
    next = spliced(next, [kept.range[1], last.range[1]], "");
  for (const [index, element] of [...elements.slice(0, wanted.length).entries()].reverse())
    next = spliced(next, element.range, literal(wanted[index] ?? ""));
  return next;
}
