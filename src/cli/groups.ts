/** Groups of commands, such as `ledger` of `ledger verify`: named alone they are no command, and are told what they have. */
import { unknownCommand } from "./args.ts";
import { commandOf } from "./command-of.ts";
import { make } from "./faults.ts";
import type { OperationSpec } from "./table.ts";

/** Each first word of commands of two words, with those commands. */
export const groupsOf = (table: readonly OperationSpec[]): [string, OperationSpec[]][] => [
  ...Map.groupBy(
    table.filter(({ name }) => name.includes(" ")),
    ({ name }) => name.split(" ")[0] ?? "",
  ),
];

/** The group that is named where one of its commands should be; flags may follow. */
function findGroup(
  table: readonly OperationSpec[],
  [first = "", second = "-"]: readonly string[],
): { readonly group: string; readonly commands: readonly OperationSpec[] } | undefined {
  const [group, commands] = groupsOf(table).find(([name]) => name === first) ?? [];
  return group === undefined || commands === undefined || !second.startsWith("-")
    ? undefined
    : { group, commands };
}

/** Help of a group of commands. @throws USAGE where a command of it was to be run, COMMAND_UNKNOWN */
export function groupText(
  { table, program }: { readonly table: readonly OperationSpec[]; readonly program: string },
  words: readonly string[],
  wants_help: boolean,
): string {
  const found = findGroup(table, words);
  if (found === undefined) throw unknownCommand(table, words, program);
  const { group, commands } = found;
  if (wants_help) return groupHelp(program, group, commands);
  const command = commandOf(program, group);
  const names = commands.map(({ name }) => lastWord(name)).join(", ");
  throw make("USAGE", `${command} is a group of commands; name one of them: ${names}`, { command });
}

/** What `pkg ledger --help` says: the commands of a group, as `commandsOf` finds them. */
function groupHelp(program: string, group: string, commands: readonly OperationSpec[]): string {
  const names = commands.map(({ name }) => lastWord(name));
  const width = Math.max(...names.map((name) => name.length));
  const shown = commands.find(({ authorised }) => !authorised) ?? commands[0];
  return [
    `Usage: ${commandOf(program, group)} COMMAND [words] [flags]`,
    "",
    ...commands.flatMap(({ summary }, index) =>
      inColumn(`  ${(names[index] ?? "").padEnd(width)}  `, summary),
    ),
    "",
    "Example:",
    `  ${shown?.examples[0] ?? ""}`,
    "",
    `"${commandOf(program, group)} COMMAND --help" shows flags and examples.`,
    "",
  ].join("\n");
}

/** `verify` of `ledger verify`. */
export const lastWord = (name: string): string => name.slice(name.indexOf(" ") + 1);

/** In lines of at most 80 characters, those after the first set in. */
function inColumn(first: string, text: string): string[] {
  const lines = [first];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line.length + word.length < 80 || line.trim() === "") lines[lines.length - 1] = `${line}${word} `;
    else lines.push(`${" ".repeat(first.length)}${word} `);
  }
  return lines.map((line) => line.trimEnd());
}
