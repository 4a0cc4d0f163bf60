/** One run of a command: words in, one document or text out, an exit code. Knows no operation by name. */
import type { Effects } from "../effects/index.ts";
import type { Fault } from "../kernel/index.ts";
import { readTokenSource } from "../keys/index.ts";
import type { CommandEnd, OnPhase, Operation, Outcome } from "../operations/index.ts";
import { findOperation, flagsLast, type Parsed, parseWords } from "./args.ts";
import { commandOf } from "./command-of.ts";
import { make } from "./faults.ts";
import { groupText } from "./groups.ts";
import { completionScript, operationHelp, overview } from "./help.ts";
import { asFault } from "./system-fault.ts";
import type { OperationSpec } from "./table.ts";

export type Program = "pkg" | "trace" | "integrity-check" | "golden" | "holdfast";

export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly colour: boolean;
  /** Progress lines may be rewritten in place. */
  readonly interactive: boolean;
}

export interface Setting {
  readonly effects: Effects;
  readonly terminal: Terminal;
  readonly program: Program;
  readonly version: string;
  readonly table: readonly OperationSpec[];
  readonly load: (name: string) => Promise<Operation>;
  readonly files: {
    deflate_worker_url: URL;
    scan_worker_url: URL;
    ledger_worker_url?: URL;
    package_directory: string;
    launcher_script: string;
    node: string;
  };
  /** Reads a descriptor to its end, for --token-fd. */
  readonly readDescriptor: (fd: number) => string;
  /** Standard input, up to so many bytes and one more. */
  readonly readInput: (bytes_max: number) => Promise<Buffer>;
}

export async function runCommand(setting: Setting, argv: readonly string[]): Promise<number> {
  const { terminal, table, program, version } = setting;
  const words = wordsFor(program, argv);
  const wants_json = argv.includes("--json") || argv.includes("-j");
  if (wantsOverview(words, argv)) {
    terminal.out(overview(program, table, version));
    return 0;
  }
  if (words[0] === "completion") return printCompletion(setting, words[1] ?? "");
  let parsed: Parsed;
  try {
    const named = words[0] === "help" ? words.slice(1) : words;
    const wants_help = words[0] === "help" || words.includes("--help") || words.includes("-h");
    const found = findOperation(table, named);
    if (found === undefined) {
      terminal.out(groupText(setting, named, wants_help));
      return 0;
    }
    if (wants_help) {
      terminal.out(operationHelp(program, found.operation));
      return 0;
    }
    parsed = parseWords(found.operation, found.rest, commandOf(program, found.operation.name));
  } catch (error) {
    return reportFault(setting, error, wants_json, []);
  }
  return runParsed(setting, parsed);
}

/** No command, and a wish for help or no word at all. */
const wantsOverview = (words: readonly string[], argv: readonly string[]): boolean =>
  words.length === 0
    ? argv.length === 0 || argv.includes("--help") || argv.includes("-h")
    : words.length === 1 && words[0] === "help";

/** `trace X` is `holdfast trace X`; `holdfast pkg install` is `holdfast install`. */
function wordsFor(program: Program, argv: readonly string[]): readonly string[] {
  if (program === "trace" || program === "integrity-check")
    return argv.length === 1 && argv[0] === "--help" ? [program, "--help"] : [program, ...argv];
  const words = flagsLast(argv);
  if (program === "golden") return words.length === 0 ? words : ["golden", ...words];
  return words[0] === "pkg" ? words.slice(1) : words;
}

async function runParsed(setting: Setting, { operation, input, globals }: Parsed): Promise<number> {
  const secrets: string[] = [];
  const { terminal } = setting;
  const json = globals.json;
  let loaded: Operation | undefined;
  const contextFor = (token: string | undefined) => ({
    effects: setting.effects,
    root: globals.root,
    token,
    wait_ms: globals.wait === undefined ? undefined : globals.wait * 1000,
    version: setting.version,
    files: setting.files,
    readInput: setting.readInput,
    onPhase: phaseTeller(setting.effects, terminal, json),
    onProgress: (doing: string) => {
      if (terminal.interactive && !json) terminal.err(`${oneLine(doing)}\n`);
    },
    onText: (text: string) => {
      if (!json) terminal.out(printable(text));
    },
    command: (effects: Effects, argv: readonly string[]) => commandWithin(setting, effects, argv),
  });
  try {
    loaded = await setting.load(operation.name);
    const token = readToken(setting, operation, globals);
    if (token !== undefined) secrets.push(token);
    const outcome = await loaded.run(
      contextFor(token),
      parseInput(loaded, input, operation, commandOf(setting.program, operation.name)),
    );
    return report(setting, loaded, outcome, input, json, secrets);
  } catch (thrown) {
    const stopped = stoppedBy(setting, thrown, operation.name);
    const fault = stopped ?? asFault(thrown);
    if (stopped === undefined && fault !== undefined && loaded?.onFault !== undefined) {
      return report(setting, loaded, loaded.onFault(fault, contextFor(undefined)), input, json, secrets);
    }
    return reportFault(setting, fault ?? thrown, json, secrets);
  }
}

/** A command as from a shell, but in this process: its streams are kept, and nobody is at the terminal. */
async function commandWithin(
  setting: Setting,
  effects: Effects,
  argv: readonly string[],
): Promise<CommandEnd> {
  const written = { out: "", err: "" };
  const terminal: Terminal = {
    out: (text) => void (written.out += text),
    err: (text) => void (written.err += text),
    colour: false,
    interactive: false,
  };
  const exit_code = await runCommand({ ...setting, program: "holdfast", effects, terminal }, argv);
  return { exit_code, stdout: written.out, stderr: written.err };
}

/** What a signal threw out of work that had nothing to undo. */
function stoppedBy({ effects, program }: Setting, thrown: unknown, name: string): Fault | undefined {
  const { signal } = effects;
  const is_stop =
    signal.aborted && (thrown === signal.reason || (thrown instanceof Error && thrown.name === "AbortError"));
  if (!is_stop) return undefined;
  const why = signal.reason instanceof Error ? signal.reason.message : "stopped";
  return make("STOPPED", `${why} before it had an answer`, { command: commandOf(program, name) });
}

function readToken(
  { effects, readDescriptor }: Setting,
  operation: OperationSpec,
  globals: Parsed["globals"],
): string | undefined {
  if (!operation.authorised) return undefined;
  const { token, token_file, token_fd } = globals;
  return readTokenSource(effects, {
    ...(token === undefined ? {} : { token }),
    ...(token_file === undefined ? {} : { token_file }),
    ...(token_fd === undefined ? {} : { token_fd_text: readDescriptor(token_fd) }),
  }).token;
}

function parseInput(
  operation: Operation,
  input: Record<string, unknown>,
  { flags }: OperationSpec,
  command: string,
): Record<string, unknown> {
  const parsed = operation.input.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const name = String(issue?.path[0] ?? "input");
  const is_word = flags.some((flag) => flag.field === name && flag.positional === true);
  const field = is_word ? name.toUpperCase() : `--${name.replaceAll("_", "-")}`;
  const missing = input[String(issue?.path[0])] === undefined;
  const is_empty = issue?.code === "too_small" && input[name] === "";
  const what = missing ? "is missing" : is_empty ? "is empty" : (issue?.message ?? "is not valid");
  throw make("INPUT_INVALID", `${command}: ${field} ${what}`, { field, command });
}

function report(
  setting: Setting,
  operation: Operation,
  outcome: Outcome<unknown>,
  input: Record<string, unknown>,
  json: boolean,
  secrets: readonly string[],
): number {
  const shown = json
    ? `${JSON.stringify(operation.json?.(outcome.result) ?? outcome.result, null, 2)}\n`
    : printable(operation.text(outcome.result, operation.input.safeParse(input).data ?? {}));
  setting.terminal.out(operation.reveals_secret === true ? shown : redact(shown, secrets));
  return outcome.exit_code ?? 0;
}

function reportFault(
  { terminal }: Setting,
  error: unknown,
  json: boolean,
  secrets: readonly string[],
): number {
  const fault = asFault(error);
  if (fault === undefined) throw error;
  if (json) terminal.out(redact(`${JSON.stringify({ error: fault.toJSON() }, null, 2)}\n`, secrets));
  else terminal.err(redact(faultText(fault, terminal.colour), secrets));
  return fault.exit_code;
}

function faultText(fault: Fault, colour: boolean): string {
  const red = (text: string): string => (colour ? `\u001b[31m${text}\u001b[39m` : text);
  const findings = fault.details["findings"];
  const others = Array.isArray(findings)
    ? findings
        .slice(1, 50)
        .map((one: unknown) => one as { message?: string; code?: string })
        .map(({ message = "", code = "" }) => `  also:  ${oneLine(message)} [${code}]`)
    : [];
  return [
    `${red("error:")} ${oneLine(fault.message)} [${fault.code}]`,
    ...others,
    ...diffLines(fault),
    `  next:  ${oneLine(fault.next_step)}`,
    "",
  ].join("\n");
}

/** A refused drift shows what was changed. */
function diffLines({ details }: Fault): string[] {
  const own = details["diff"];
  const listed = Array.isArray(details["findings"])
    ? details["findings"].map((one: unknown) => (one as { details?: { diff?: unknown } }).details?.diff)
    : [];
  return [own, ...(own === undefined ? listed : [])]
    .flatMap((diff) => (typeof diff === "string" ? diff.trimEnd().split("\n") : []))
    .map((line) => `  ${printable(line).replaceAll("\n", "")}`);
}

/** Controls, and what breaks a line or turns the direction of the text after it. */
const STEERING = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const escaped = (unit: string): string => {
  const code = unit.charCodeAt(0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
};
/** A hostile name must neither steer the terminal nor fake a line of ours. */
const oneLine = (text: string): string => text.replace(STEERING, escaped);
/** Text of several lines: only line ends pass. */
const printable = (text: string): string =>
  text.replace(STEERING, (unit) => (unit === "\n" ? unit : escaped(unit)));

function redact(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length > 3)
    .reduce((clean, secret) => clean.replaceAll(secret, "[token]"), text);
}

const VERBS: Readonly<Record<string, string>> = {
  install: "Installing",
  update: "Updating",
  rollback: "Rolling back",
  undo: "Undoing",
  uninstall: "Uninstalling",
  restore: "Restoring",
};

/** One line a phase on a terminal, with the time since the first. */
function phaseTeller(
  { clock }: Pick<Effects, "clock">,
  { err, interactive }: Terminal,
  json: boolean,
): OnPhase {
  const from_ms = clock.elapsed_ms();
  return ({ verb, subject, phase, number }) => {
    if (!interactive || json) return;
    const seconds = ((clock.elapsed_ms() - from_ms) / 1000).toFixed(1);
    err(`${VERBS[verb] ?? verb} ${oneLine(subject)} (phase ${number}/5: ${phase}) ${seconds} s\n`);
  };
}

function printCompletion({ terminal, program, table }: Setting, shell: string): number {
  const script = completionScript(shell, program, table);
  if (script !== undefined) {
    terminal.out(script);
    return 0;
  }
  return reportFault(
    { terminal } as Setting,
    make("USAGE", "name a shell: bash, zsh or fish", { command: `${program} completion` }),
    false,
    [],
  );
}
