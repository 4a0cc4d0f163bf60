/** Every code of a fault or finding with the sentences it comes with, read from the sources and the fault catalogues. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MEANINGS } from "./code-meanings.mjs";

const SRC = join(import.meta.dirname, "..", "src");
/** The lower-case ones are those of a run, which other hosts know by these names. */
const CODE = /"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|plugin(?:_[a-z]+)+|invalid_actor_kind)"/g;
/** A text literal of JavaScript, as far as messages use them. */
const TEXT = String.raw`("(?:[^"\\\n]|\\.)*"|\x60(?:[^\x60\\]|\\.)*\x60)`;
const PASSED = new RegExp(String.raw`^\s*,\s*${TEXT}`);
const MESSAGE = new RegExp(String.raw`^[^{}]*?\b(?:message|why|problem):\s*${TEXT}`);
/** A message named before it is used: `const message = …` and then `message` where the text would stand. */
const NAMED_MESSAGE = /^\s*,\s*(?:[^,;{}]*?\b)?(message|reason|what|says)\b\s*[,})]/;
const DECLARED = new RegExp(String.raw`\bconst (?:message|reason|what|says)\s*=[^;]*?${TEXT}`, "g");
const NEXT_STEP = new RegExp(String.raw`\bnext_step:\s*(?:[^,;"\x60]*\?\?\s*)?${TEXT}`);
/** A call that gives a problem its code. */
const NAMED = /\b(?:note|add|finding|problem|error|report|raise|make)\(\s*$/;
/** Codes of the system are not ours. */
const SYSTEM = /^E[A-Z]+$|^ERR_/;
const SENTENCES_MAX = 4;
const PLACES_MAX = 4;

/**
 * @param catalogues room to its fault catalogue
 * @param rules room to what its findings mean: code to { title, help }
 * @param others room to further codes, whose meaning stands in code-meanings.mjs
 * @returns sorted by code: { code, room, exit_code: number | null, meaning, raised_in, messages, next_steps }
 */
export function readCodes(catalogues, rules, others) {
  const codes = new Map();
  for (const [room, catalogue] of Object.entries(catalogues))
    for (const [code, { exit_code, next_step }] of Object.entries(catalogue))
      codes.set(code, {
        code,
        room,
        exit_code,
        messages: new Set(),
        next_steps: new Set(stepsOf(next_step)),
        raised_in: new Map(),
      });
  const all = [...sources()];
  for (const { room, text } of all) for (const found of codesIn(text)) add(codes, room, found);
  const titled = Object.entries(rules).flatMap(([room, of_room]) =>
    Object.entries(of_room).map(([code, rule]) => ({ code, room, rule })),
  );
  for (const { code, room } of titled) add(codes, room, { code });
  for (const [room, named] of Object.entries(others)) for (const code of named) add(codes, room, { code });
  for (const { path, text } of all)
    for (const { 1: code, index } of text.matchAll(CODE)) {
      const places = path.endsWith("/faults.ts") ? undefined : codes.get(code)?.raised_in;
      // Where it is handed to whoever makes the fault comes before where it is only asked for.
      const rank = NAMED.test(text.slice(0, index)) ? 0 : 1;
      places?.set(path, Math.min(rank, places.get(path) ?? rank));
    }
  const meanings = new Map(titled.map(({ code, rule }) => [code, `${rule.title}. ${rule.help}`]));
  return [...codes.values()]
    .filter(({ code }) => !SYSTEM.test(code))
    .sort((a, b) => (a.code < b.code ? -1 : 1))
    .map(({ messages, next_steps, raised_in, ...code }) => ({
      ...code,
      meaning: MEANINGS[code.code] ?? meanings.get(code.code) ?? meaningOf(messages),
      raised_in: [...raised_in]
        .sort(([a, rank_a], [b, rank_b]) => rank_a - rank_b || (a < b ? -1 : 1))
        .slice(0, PLACES_MAX)
        .map(([path]) => path)
        .toSorted((a, b) => (a < b ? -1 : 1)),
      messages: [...messages].slice(0, SENTENCES_MAX),
      next_steps: [...next_steps].slice(0, SENTENCES_MAX),
    }));
}

/** What is said where it is raised says what it means; null where nothing literal is said. */
function meaningOf(messages) {
  const [first] = messages;
  return first === undefined ? null : `Reported as: ${first.replace(/[.:]?\s*$/, "")}.`;
}

function add(codes, room, { code, message, next_step }) {
  const known = codes.get(code) ?? {
    code,
    room,
    exit_code: null,
    messages: new Set(),
    next_steps: new Set(),
    raised_in: new Map(),
  };
  codes.set(code, known);
  if (message !== undefined) known.messages.add(message);
  // A fault says its step in the catalogue.
  if (next_step !== undefined && known.exit_code === null) known.next_steps.add(next_step);
}

/** Uses of codes with the literal texts that stand right behind them. */
function* codesIn(text) {
  for (const match of text.matchAll(CODE)) {
    const behind = text.slice(match.index + match[0].length, match.index + match[0].length + 1200);
    const own = behind.slice(0, behind.search(CODE) === -1 ? undefined : behind.search(CODE));
    const is_member = /\bcode:\s*$/.test(text.slice(0, match.index));
    const message =
      (is_member ? MESSAGE.exec(own)?.[1] : PASSED.exec(own)?.[1]) ??
      (NAMED_MESSAGE.test(own)
        ? declaredBefore(text.slice(Math.max(0, match.index - 900), match.index))
        : undefined);
    if (message === undefined && !is_member && !NAMED.test(text.slice(0, match.index))) continue;
    const next_step = is_member ? NEXT_STEP.exec(own)?.[1] : undefined;
    yield {
      code: match[1],
      message: message && spoken(message),
      next_step: next_step && spoken(next_step),
    };
  }
}

/** The nearest message given a name before it is used. */
const declaredBefore = (text) => [...text.matchAll(DECLARED)].at(-1)?.[1];

/** A literal as a person reads it: what is filled in stands in <>. */
function spoken(literal) {
  return literal
    .slice(1, -1)
    .replace(/\$\{((?:[^{}]|\{[^{}]*\})*)\}/g, (_, expression) => `<${nameOf(expression)}>`)
    .replace(/\\(.)/g, (_, character) => (character === "n" ? " " : character));
}

/** The last word of what is filled in: `stat.path` is a path. */
function nameOf(expression) {
  const words = expression.match(/[A-Za-z_]\w*/g) ?? ["…"];
  const named = words.filter(
    (word) => !/^(shown|quoted|String|JSON|stringify|join|slice|map|length|toString|max|min)$/.test(word),
  );
  const simple = /^[\w.?]+$/.test(expression.trim()) ? named.at(-1) : named[0];
  return (simple ?? "…").replaceAll("_", " ");
}

/** The next step of a fault with names in place of details. */
function stepsOf(next_step) {
  try {
    const step = next_step(placeholder("details"));
    // A step taken whole from the details is a placeholder, too.
    return ["string", "function"].includes(typeof step) ? [String(step)] : [];
  } catch {
    return [];
  }
}

/** Anything a next step may ask of its details answers with a name. */
function placeholder(name) {
  const text = `<${name.replaceAll("_", " ")}>`;
  const answers = {
    [Symbol.toPrimitive]: () => text,
    [Symbol.iterator]: () => [placeholder(singular(name))].values(),
    toString: () => text,
    toJSON: () => text,
    join: () => text,
    length: 1,
    at: () => placeholder(singular(name)),
    ...Object.fromEntries(["map", "slice", "filter", "flatMap"].map((key) => [key, () => placeholder(name)])),
  };
  return new Proxy(() => text, {
    get: (_, key) => {
      if (key === "0") return placeholder(singular(name));
      if (Object.hasOwn(answers, key)) return answers[key];
      if (key in String.prototype) return (...given) => text[key](...given);
      return placeholder(String(key));
    },
    apply: () => text,
  });
}

const singular = (name) => name.replace(/s$/, "");

function* sources() {
  for (const name of readdirSync(SRC, { recursive: true }).sort((a, b) => (a < b ? -1 : 1))) {
    if (!name.endsWith(".ts") || /(^|\/)(generated|sim|failpoints)\//.test(name)) continue;
    yield { path: join("src", name), room: name.split("/")[0], text: readFileSync(join(SRC, name), "utf8") };
  }
}
