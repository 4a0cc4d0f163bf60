/** From words to an operation and its raw input, by the generated table alone. */
import { parseArgs } from "node:util";
import { type Fault, nearest } from "../kernel/index.ts";
import { make } from "./faults.ts";
import { type FlagSpec, flagName, type OperationSpec } from "./table.ts";

/** Flags every command takes. */
export const GLOBAL_FLAGS: readonly FlagSpec[] = [
  {
    field: "root",
    type: "string",
    description: "The plane; default: the nearest one upwards, or HOLDFAST_ROOT.",
  },
  { field: "json", type: "boolean", description: "Print one JSON document.", short: "j" },
  { field: "help", type: "boolean", description: "Show this help.", short: "h" },
  {
    field: "wait",
    type: "integer",
    description: "Seconds to wait for another command that changes the plane. Default: 30.",
  },
];
export const TOKEN_FLAGS: readonly FlagSpec[] = [
  {
    field: "token",
    type: "string",
    description: "Token. Better: --token-file, or HOLDFAST_TOKEN in the environment.",
  },
  { field: "token_file", type: "string", description: "File that holds the token." },
  { field: "token_fd", type: "integer", description: "Descriptor to read the token from." },
];

export interface Parsed {
  readonly operation: OperationSpec;
  readonly input: Record<string, unknown>;
  readonly globals: {
    root?: string;
    json: boolean;
    help: boolean;
    wait?: number;
    token?: string;
    token_file?: string;
    token_fd?: number;
  };
}

/**
 * Flags that stand before the command, moved behind it: `--root DIR list` is `list --root DIR`. Only those that every
 * command takes are looked for, since nothing else is known yet.
 * @returns no word where no command is named
 */
export function flagsLast(argv: readonly string[]): readonly string[] {
  let count = 0;
  while (count < argv.length) {
    const taken = wordsOfFlag(argv[count] ?? "", argv.length - count);
    if (taken === 0) break;
    count += taken;
  }
  const words = argv.slice(count);
  if (words.length === 0) return [];
  const end = words.indexOf("--");
  return words.toSpliced(end < 0 ? words.length : end, 0, ...argv.slice(0, count));
}

/** How many words a flag of every command takes: 0 when it is none, 2 when its value is a word of its own. */
function wordsOfFlag(word: string, left: number): number {
  const name = word.split("=")[0] ?? "";
  const spec = [...GLOBAL_FLAGS, ...TOKEN_FLAGS].find(
    (one) => flagName(one.field) === name || (one.short !== undefined && word === `-${one.short}`),
  );
  if (spec === undefined) return 0;
  return spec.type === "boolean" || word.includes("=") ? 1 : Math.min(2, left);
}

/** The longest run of leading words that names an operation. */
export function findOperation(
  table: readonly OperationSpec[],
  argv: readonly string[],
): { operation: OperationSpec; rest: readonly string[] } | undefined {
  for (let words = Math.min(2, argv.length); words > 0; words--) {
    const name = argv.slice(0, words).join(" ");
    const operation = table.find((candidate) => candidate.name === name);
    if (operation !== undefined) return { operation, rest: argv.slice(words) };
  }
  return undefined;
}

export function unknownCommand(
  table: readonly OperationSpec[],
  argv: readonly string[],
  program: string,
): Fault {
  const first = argv[0] ?? "";
  if (first.startsWith("-")) {
    // Its value may be a secret: only the name is repeated.
    const message = `${first.split("=")[0]} must stand behind the command it belongs to`;
    return make("COMMAND_UNKNOWN", message, { command: "", near: [], program });
  }
  const command = argv
    .slice(0, 2)
    .filter((word) => !word.startsWith("-"))
    .join(" ");
  const names = table.map(({ name }) => name);
  const near = [...nearest(command, names), ...nearest(first, names)];
  const message = command === "" ? "no command is named" : `there is no command ${JSON.stringify(command)}`;
  return make("COMMAND_UNKNOWN", message, {
    command,
    near,
    program,
  });
}

/** @throws USAGE */
export function parseWords(operation: OperationSpec, words: readonly string[], command: string): Parsed {
  const specs = [...operation.flags, ...GLOBAL_FLAGS, ...TOKEN_FLAGS];
  const { values, positionals } = parseStrictly(specs, words, command);
  const input: Record<string, unknown> = {};
  const globals: Record<string, unknown> = { json: false, help: false };
  const own = new Set(operation.flags.map(({ field }) => field));
  for (const spec of specs) {
    const value = values[spec.field.replaceAll("_", "-")];
    if (value === undefined) continue;
    (own.has(spec.field) ? input : globals)[spec.field] = convert(spec, value, command);
  }
  placePositionals(operation, positionals, input, command);
  return { operation, input, globals: globals as Parsed["globals"] };
}

function parseStrictly(specs: readonly FlagSpec[], words: readonly string[], command: string) {
  const options = Object.fromEntries(
    specs.map((spec) => [
      spec.field.replaceAll("_", "-"),
      {
        type: spec.type === "boolean" ? ("boolean" as const) : ("string" as const),
        multiple: spec.type === "list",
        ...(spec.short === undefined ? {} : { short: spec.short }),
      },
    ]),
  );
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
  } catch (error) {
    const unknown = /Unknown option '([^']+)'/.exec((error as Error).message)?.[1];
    // Node's own sentence may repeat a value, and the value may be a secret: only the flag is named.
    const flag = unknown ?? /'(-[^' =]+)/.exec((error as Error).message)?.[1] ?? "a flag";
    const near =
      unknown === undefined
        ? []
        : nearest(
            unknown,
            specs.map(({ field }) => flagName(field)),
          );
    const hint = near.length > 0 ? `; did you mean ${near.join(" or ")}?` : "";
    const what =
      unknown === undefined
        ? `${flag} is used wrongly (a missing or needless value?)`
        : `there is no flag ${unknown}`;
    throw make("USAGE", `${command}: ${what}${hint}`, { command });
  }
}

function convert(spec: FlagSpec, value: unknown, command: string): unknown {
  if (spec.type !== "integer") return value;
  if (typeof value === "string" && /^-?\d{1,15}$/.test(value)) return Number(value);
  throw make("USAGE", `${command}: ${flagName(spec.field)} takes a whole number`, { command });
}

function placePositionals(
  operation: OperationSpec,
  words: readonly string[],
  input: Record<string, unknown>,
  command: string,
): void {
  let rest = [...words];
  for (const spec of operation.flags.filter(({ positional }) => positional === true)) {
    if (rest.length === 0) return;
    if (spec.type === "list") {
      input[spec.field] = [...((input[spec.field] as string[] | undefined) ?? []), ...rest];
      rest = [];
    } else if (input[spec.field] === undefined) {
      input[spec.field] = convert(spec, rest.shift(), command);
    }
  }
  if (rest.length > 0) throw make("USAGE", `${command}: ${rest.length} word(s) too many`, { command });
}
