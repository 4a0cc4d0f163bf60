/** Help and completion, from the table. */
import { GLOBAL_FLAGS, TOKEN_FLAGS } from "./args.ts";
import { type FlagSpec, flagName, type OperationSpec } from "./table.ts";

/** How a user of this program types the operation. */
export function commandOf(program: string, name: string): string {
  return name === program || name.startsWith(`${program} `)
    ? name
    : name === "trace" || name === "integrity-check"
      ? program === "holdfast"
        ? `holdfast ${name}`
        : name
      : `${program} ${name}`;
}

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
  const names = table.map(({ name }) => name);
  const first = [...new Set(names.map((name) => name.split(" ")[0] ?? ""))].join(" ");
  const groups = [
    ...new Set(names.filter((name) => name.includes(" ")).map((name) => name.split(" ")[0] ?? "")),
  ];
  const cases = [
    ...table.map((operation) => `    "${operation.name}"*) words="${flagsOf(operation)}" ;;`),
    ...groups.map(
      (group) =>
        `    "${group}"*) words="${names
          .filter((name) => name.startsWith(`${group} `))
          .map((name) => name.slice(group.length + 1))
          .join(" ")}" ;;`,
    ),
  ].join("\n");
  const body = `  local words="${first}" line="\${COMP_WORDS[*]:1:COMP_CWORD-1}"\n  case "$line" in\n${cases}\n  esac\n  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))`;
  const bash = `_${program.replaceAll("-", "_")}() {\n${body}\n}\ncomplete -o default -F _${program.replaceAll("-", "_")} ${program}\n`;
  if (shell === "bash") return bash;
  if (shell === "zsh") return `autoload -U +X bashcompinit && bashcompinit\n${bash}`;
  if (shell !== "fish") return undefined;
  return `${table
    .flatMap((operation) => [
      `complete -c ${program} -n "__fish_use_subcommand" -a "${operation.name.split(" ")[0]}" -d ${JSON.stringify(operation.summary)}`,
      ...operation.flags.map(
        ({ field, description }) =>
          `complete -c ${program} -n "__fish_seen_subcommand_from ${operation.name.split(" ")[0]}" -l ${field.replaceAll("_", "-")} -d ${JSON.stringify(description)}`,
      ),
    ])
    .join("\n")}\n`;
}
