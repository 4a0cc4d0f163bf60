/** A safe change of a manifest: what it does to the value it has, whichever language the file is written in. Pure. */
import { compareCodePoints } from "../../kernel/index.ts";

export type Path = readonly (string | number)[];

export type Edit =
  /** An item of a list, or a field, goes. */
  | { readonly kind: "remove"; readonly at: Path }
  /** A key gets another name; its value stays. */
  | { readonly kind: "rename"; readonly at: Path; readonly to: string }
  /** A list of texts is sorted, and each stays once. */
  | { readonly kind: "tidy"; readonly at: Path }
  /** A text joins a list where it belongs, which is made where there is none. */
  | { readonly kind: "add"; readonly at: Path; readonly text: string };

/** RFC 6901; list positions as numbers. */
export const pathOf = (pointer: string): Path =>
  pointer === "/"
    ? []
    : pointer
        .slice(1)
        .split("/")
        .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
        .map((part) => (/^\d+$/.test(part) ? Number(part) : part));

export const tidied = (texts: readonly string[]): string[] => [...new Set(texts)].sort(compareCodePoints);

/** Where a text joins a list so that a sorted one stays sorted: before the first that comes after it. */
export function placeFor(texts: readonly string[], text: string): number {
  const later = texts.findIndex((one) => compareCodePoints(text, one) < 0);
  return later < 0 ? texts.length : later;
}

export const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

/** The document after the edit; undefined where the edit does not fit it. The given one stays as it is. */
export function edited(document: unknown, edit: Edit): unknown {
  const copy: unknown = structuredClone(document);
  const parent = valueAt(copy, edit.at.slice(0, -1));
  const last = edit.at.at(-1);
  if (last === undefined || typeof parent !== "object" || parent === null) return undefined;
  return applied(parent as Record<string | number, unknown>, last, edit) ? copy : undefined;
}

function applied(parent: Record<string | number, unknown>, last: string | number, edit: Edit): boolean {
  const value = Object.hasOwn(parent, last) ? parent[last] : undefined;
  if (edit.kind === "remove") {
    if (value === undefined) return false;
    if (Array.isArray(parent)) parent.splice(Number(last), 1);
    else delete parent[last];
    return true;
  }
  if (edit.kind === "rename") {
    if (value === undefined || Object.hasOwn(parent, edit.to)) return false;
    parent[edit.to] = value;
    delete parent[last];
    return true;
  }
  if (edit.kind === "add" && value === undefined) parent[last] = [edit.text];
  else if (!isTexts(value)) return false;
  else
    parent[last] =
      edit.kind === "add" ? value.toSpliced(placeFor(value, edit.text), 0, edit.text) : tidied(value);
  return true;
}

function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, part)
        ? (value as Record<string | number, unknown>)[part]
        : undefined,
    document,
  );
}
