/** Edits of JSON text that leave every byte alone that they are not about. */
import { applyEdits, findNodeAtLocation, modify, type Node, parseTree } from "jsonc-parser";
import { type Edit, isTexts, type Path, placeFor, tidied } from "./edit.ts";

/** Undefined where the text has no such place. */
export function editJson(text: string, edit: Edit): string | undefined {
  const tree = parseTree(text);
  const node = tree === undefined ? undefined : findNodeAtLocation(tree, [...edit.at]);
  if (edit.kind === "add")
    return node === undefined ? withList(text, edit.at, edit.text) : withItem(text, node, edit.text);
  if (node === undefined) return undefined;
  if (edit.kind === "rename") return renamed(text, node, edit.to);
  if (edit.kind === "remove") return removed(text, node);
  return tidy(text, node);
}

const endOf = ({ offset, length }: Node): number => offset + length;
const spliced = (text: string, from: number, to: number, by: string): string =>
  text.slice(0, from) + by + text.slice(to);

/** A key that is not there yet is the one thing whose layout must be chosen; it follows that of the file. */
function withList(text: string, at: Path, item: string): string {
  const indent = /\n([ \t]+)\S/.exec(text)?.[1] ?? "  ";
  const formattingOptions = indent.startsWith("\t")
    ? { insertSpaces: false, tabSize: 1 }
    : { insertSpaces: true, tabSize: indent.length };
  return applyEdits(text, modify(text, [...at], [item], { formattingOptions }));
}

function withItem(text: string, list: Node, item: string): string | undefined {
  const items = list.children ?? [];
  const values: unknown = items.map(({ value }) => value as unknown);
  if (list.type !== "array" || !isTexts(values)) return undefined;
  const after = items[placeFor(values, item)];
  if (after !== undefined) return spliced(text, after.offset, after.offset, `${JSON.stringify(item)}, `);
  const last = items.at(-1);
  return last === undefined
    ? spliced(text, list.offset, endOf(list), `[${JSON.stringify(item)}]`)
    : spliced(text, endOf(last), endOf(last), `, ${JSON.stringify(item)}`);
}

function renamed(text: string, { parent }: Node, to: string): string | undefined {
  const key = parent?.type === "property" ? parent.children?.[0] : undefined;
  return key === undefined ? undefined : spliced(text, key.offset, endOf(key), JSON.stringify(to));
}

/** An item of a list, or a key with its value, and the comma that parts it from its neighbour. */
function removed(text: string, node: Node): string | undefined {
  const own = node.parent?.type === "property" ? node.parent : node;
  const siblings = own.parent?.children ?? [];
  const index = siblings.indexOf(own);
  if (index < 0) return undefined;
  const before = siblings[index - 1];
  const after = siblings[index + 1];
  if (before !== undefined) return spliced(text, endOf(before), endOf(own), "");
  return spliced(text, own.offset, after === undefined ? endOf(own) : after.offset, "");
}

/** Each text takes the place of another; what repeats goes from the end. */
function tidy(text: string, list: Node): string | undefined {
  const nodes = list.children ?? [];
  const values: unknown = nodes.map(({ value }) => value as unknown);
  if (list.type !== "array" || !isTexts(values)) return undefined;
  const wanted = tidied(values);
  const kept = nodes[wanted.length - 1];
  const last = nodes.at(-1);
  let next = kept === undefined || last === undefined ? text : spliced(text, endOf(kept), endOf(last), "");
  for (const [index, node] of [...nodes.slice(0, wanted.length).entries()].reverse())
    next = spliced(next, node.offset, endOf(node), JSON.stringify(wanted[index]));
  return next;
}
