/** Help and completion, from the table. */
import { GLOBAL_FLAGS, TOKEN_FLAGS } from "./args.ts";
import { commandOf } from "./command-of.ts";
import { groupsOf, lastWord } from "./groups.ts";
import { type FlagSpec, flagName, type OperationSpec } from "./table.ts";

export function overview(program: string, table: readonly OperationSpec[], version: string): string {
  const width = Math.max(...table.map(({ name }) => name.length));
  return [
    `${program} ${version}: a governed package manager for agent plugins`,
    "",
    `Usage: ${program} COMMAND [words] [flags]`,
    "",
    ...table.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    `"${program} COMMAND --help" shows flags and examples. Start with "pkg init my-plane".`,
    "",
  ].join("\n");
}

export function operationHelp(program: string, operation: OperationSpec): string {
  const words = operation.flags
    .filter(({ positional }) => positional === true)
    .map(({ field, type, required }) => {
      const name = field.toUpperCase().replace(/S$/, type === "list" ? "" : "S");
      const shown = type === "list" ? `${name}...` : name;
      return required === true ? shown : `[${shown}]`;
    });
  const globals = operation.authorised
    ? [...GLOBAL_FLAGS, ...TOKEN_FLAGS.filter(({ field }) => field !== "token_fd")]
    : GLOBAL_FLAGS;
  return [
    `Usage: ${[commandOf(program, operation.name), ...words, "[flags]"].join(" ")}`,
    "",
    operation.summary,
    "",
    ...section("Flags", operation.flags),
    ...section("Everywhere", globals),
    "Examples:",
    ...operation.examples.map((example) => `  ${example}`),
    "",
  ].join("\n");
}

function section(title: string, flags: readonly FlagSpec[]): string[] {
  if (flags.length === 0) return [];
  const left = flags.map(flagText);
  const width = Math.max(...left.map((text) => text.length));
  return [
    `${title}:`,
    ...flags.map((flag, index) => `  ${(left[index] ?? "").padEnd(width)}  ${explanation(flag)}`),
    "",
  ];
}

function flagText({ field, type, short }: FlagSpec): string {
  const value =
    type === "boolean"
      ? ""
      : type === "integer"
        ? " N"
        : ` ${field.split("_").at(-1)?.toUpperCase() ?? "VALUE"}`;
  return `${short === undefined ? "    " : `-${short}, `}${flagName(field)}${value}`;
}

function explanation({ description, choices, required, default: fallback }: FlagSpec): string {
  const notes = [
    ...(choices === undefined ? [] : [`one of ${choices.join(", ")}`]),
    ...(required === true ? ["required"] : []),
    ...(fallback === undefined || fallback === false || fallback === ""
      ? []
      : [`default ${String(fallback)}`]),
  ];
  return notes.length === 0 ? description : `${description} (${notes.join("; ")})`;
}

/** A completion script for one shell: commands, then the flags of the command typed. */
export function completionScript(
  shell: string,
  program: string,
  table: readonly OperationSpec[],
): string | undefined {
  const flagsOf = (operation: OperationSpec): string =>
    [...operation.flags, ...GLOBAL_FLAGS, ...(operation.authorised ? TOKEN_FLAGS : [])]
      .map(({ field }) => flagName(field))
      .join(" ");
  const first = [...new Set(table.map(({ name }) => name.split(" ")[0] ?? ""))];
  const cases = [
    ...table.map((operation) => caseOf(operation.name, flagsOf(operation))),
    ...groupsOf(table).map(([group, commands]) =>
      caseOf(group, `${commands.map(({ name }) => lastWord(name)).join(" ")} --help`),
    ),
  ].join("\n");
  const body = `  local words="${first.join(" ")}" line="\${COMP_WORDS[*]:1:COMP_CWORD-1}"\n  case "$line" in\n${cases}\n  esac\n  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))`;
  const bash = `_${program.replaceAll("-", "_")}() {\n${body}\n}\ncomplete -o default -F _${program.replaceAll("-", "_")} ${program}\n`;
  if (shell === "bash") return bash;
  if (shell === "zsh") return `autoload -U +X bashcompinit && bashcompinit\n${bash}`;
  if (shell !== "fish") return undefined;
  return `${[...table.flatMap((operation) => fishLines(program, operation)), ...groupsOf(table).map(([group, commands]) => fishGroup(program, group, commands))].join("\n")}\n`;
}

/** The very command, or what is typed behind it: "ledger verify" is not "ledger verify-proof". */
const caseOf = (name: string, words: string): string => `    "${name}"|"${name} "*) words="${words}" ;;`;

function fishLines(program: string, { name, summary, flags }: OperationSpec): string[] {
  const [group = "", command] = name.split(" ");
  const within = `__fish_seen_subcommand_from ${group}`;
  const there = command === undefined ? within : `${within}; and __fish_seen_subcommand_from ${command}`;
  const begin = command === undefined ? "__fish_use_subcommand" : within;
  return [
    `complete -c ${program} -n "${begin}" -a "${command ?? group}" -d ${JSON.stringify(summary)}`,
    ...flags.map(
      ({ field, description }) =>
        `complete -c ${program} -n "${there}" -l ${field.replaceAll("_", "-")} -d ${JSON.stringify(description)}`,
    ),
  ];
}

function fishGroup(program: string, group: string, commands: readonly OperationSpec[]): string {
  const names = commands.map(({ name }) => lastWord(name)).join(", ");
  return `complete -c ${program} -n "__fish_use_subcommand" -a "${group}" -d ${JSON.stringify(names)}`;
}
