/** Walks JSON token by token, without recursion: places of wanted fields, and keys written twice. */
import { createScanner, type JSONScanner, type ParseError, parse } from "jsonc-parser";
import type { Place, Seen } from "./place.ts";
import { childOf, pointerOf } from "./pointer.ts";

/** The kinds of token that matter, by the numbers jsonc-parser gives them (its own names exist for its compiler only). */
const OPEN_BRACE = 1;
const CLOSE_BRACE = 2;
const OPEN_BRACKET = 3;
const CLOSE_BRACKET = 4;
const COMMA = 5;
const COLON = 6;
const END = 17;

interface Container {
  /** Its own name in what holds it. */
  readonly part: string | number;
  /** Undefined outside what is wanted. */
  readonly pointer: string | undefined;
  /** Keys so far; undefined for an array. */
  readonly keys: Set<string> | undefined;
  index: number;
  /** The key whose value comes next. */
  pending: { name: string; place: Place } | undefined;
}

interface Duplicate {
  readonly key: string;
  readonly pointer: string;
  readonly place: Place;
}

export interface JsonWalk {
  readonly places: ReadonlyMap<string, Seen>;
  /** Every key that repeats an earlier one of its object; `JSON.parse` would keep the last in silence. */
  readonly duplicates: readonly Duplicate[];
}

/** `text` is JSON that `JSON.parse` has accepted. `around`: pointers whose places are kept, with all their parents. */
export function walkJson(text: string, around: ReadonlySet<string>): JsonWalk {
  const scanner = createScanner(text.replace(/^\uFEFF/, ""), true);
  const places = new Map<string, Seen>();
  const duplicates: Duplicate[] = [];
  const stack: Container[] = [];
  for (let token: number = scanner.scan(); token !== END; token = scanner.scan()) {
    if (token === COMMA || token === COLON) continue;
    const top = stack.at(-1);
    if (token === CLOSE_BRACE || token === CLOSE_BRACKET) stack.pop();
    else if (top?.keys !== undefined && top.pending === undefined) {
      top.pending = { name: scanner.getTokenValue(), place: placeOf(scanner) };
      duplicates.push(...repeated(stack, top.keys, top.pending));
    } else {
      const value = enter(top, scanner, around, places);
      if (token === OPEN_BRACE) stack.push({ ...value, keys: new Set() });
      if (token === OPEN_BRACKET) stack.push({ ...value, keys: undefined });
    }
  }
  return { places, duplicates };
}

function repeated(
  stack: readonly Container[],
  keys: Set<string>,
  { name, place }: { name: string; place: Place },
): Duplicate[] {
  if (keys.has(name))
    return [{ key: name, pointer: pointerOf([...stack.slice(1).map(({ part }) => part), name]), place }];
  keys.add(name);
  return [];
}

/** A value begins: notes its place where it is wanted. @returns what it is to what it holds */
function enter(
  top: Container | undefined,
  scanner: JSONScanner,
  around: ReadonlySet<string>,
  places: Map<string, Seen>,
): Omit<Container, "keys"> {
  const value = placeOf(scanner);
  const key = top?.pending?.place ?? value;
  const part = top?.pending?.name ?? top?.index ?? "";
  const inside = { part, index: 0, pending: undefined };
  const pointer = top === undefined ? "/" : top.pointer && childOf(top.pointer, part);
  if (top !== undefined) {
    top.index += 1;
    top.pending = undefined;
  }
  if (pointer === undefined || !around.has(pointer)) return { ...inside, pointer: undefined };
  places.set(pointer, { key, value });
  return { ...inside, pointer };
}

/** Where text stops being JSON; the beginning for what is JSON after all. Its depth has been judged. */
export function firstJsonError(text: string): Place {
  const errors: ParseError[] = [];
  const plain = text.replace(/^\uFEFF/, "");
  parse(plain, errors, { disallowComments: true, allowTrailingComma: false });
  const before = plain.slice(0, errors[0]?.offset ?? 0).split(/\r\n|\r|\n/);
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

const placeOf = (scanner: JSONScanner): Place => ({
  line: scanner.getTokenStartLine() + 1,
  column: scanner.getTokenStartCharacter() + 1,
});
