/** Edits of JSON text that leave every byte alone that they are not about. */
import { applyEdits, findNodeAtLocation, modify, type Node, parseTree } from "jsonc-parser";
import { type Edit, isTexts, type Path, tidied, valueAt } from "./edit.ts";

/** Undefined where the text has no such place. */
export function editJson(text: string, edit: Edit): string | undefined {
  const tree = parseTree(text);
  if (tree === undefined) return undefined;
  if (edit.kind === "rename") return renamed(text, tree, edit.at, edit.to);
  if (edit.kind === "remove") return changed(text, edit.at, undefined);
  const list = findNodeAtLocation(tree, [...edit.at]);
  if (edit.kind === "add")
    return list === undefined
      ? changed(text, edit.at, [edit.text])
      : changed(text, [...edit.at, list.children?.length ?? 0], edit.text, true);
  return list === undefined ? undefined : tidy(text, tree, list, edit.at);
}

function changed(text: string, at: Path, value: unknown, is_insertion = false): string {
  const indent = /\n([ \t]+)\S/.exec(text)?.[1] ?? "  ";
  const formattingOptions = indent.startsWith("\t")
    ? { insertSpaces: false, tabSize: 1 }
    : { insertSpaces: true, tabSize: indent.length };
  return applyEdits(
    text,
    modify(text, [...at], value, { formattingOptions, isArrayInsertion: is_insertion }),
  );
}

function renamed(text: string, tree: Node, at: Path, to: string): string | undefined {
  const key = findNodeAtLocation(tree, [...at])?.parent?.children?.[0];
  if (key === undefined) return undefined;
  return text.slice(0, key.offset) + JSON.stringify(to) + text.slice(key.offset + key.length);
}

/** Each text takes the place of another; what repeats goes from the end. */
function tidy(text: string, tree: Node, list: Node, at: Path): string | undefined {
  const nodes = list.children ?? [];
  const values: unknown = nodes.map(({ value }) => value as unknown);
  if (!isTexts(values) || !isTexts(valueAt(JSON.parse(text), at))) return undefined;
  const wanted = tidied(values);
  let next = text;
  for (const [index, node] of [...nodes.entries()].reverse()) {
    const value = wanted[index];
    if (value !== undefined)
      next = next.slice(0, node.offset) + JSON.stringify(value) + next.slice(node.offset + node.length);
  }
  for (let index = nodes.length - 1; index >= wanted.length; index--)
    next = changed(next, [...at, index], undefined);
  return tree === list ? undefined : next;
}
