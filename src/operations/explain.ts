import { z } from "zod";
import { PREFLIGHT_CODES } from "../preflight/index.ts";
import { type CodeExplanation, codeList, explainCode } from "../trace/index.ts";
import { operation } from "./define.ts";
import { make } from "./faults.ts";

interface Explained extends CodeExplanation {
  /** The check of `pkg preflight` that reports it. */
  readonly check: string | null;
  /** A minimal example, and the same mended. */
  readonly broken: string | null;
  readonly fix: string | null;
}

type Result =
  | { readonly mode: "one"; readonly code: Explained }
  | {
      readonly mode: "list";
      readonly codes: readonly Pick<Explained, "code" | "room" | "exit_code" | "meaning">[];
    };

export const explain = operation({
  name: "explain",
  summary:
    "Say what a code means, where it comes from and what to do about it. Works offline and without a plane.",
  examples: ["pkg explain COMPAT_UNMET", "pkg explain --list --json"],
  authorised: false,
  input: z.strictObject({
    code: z.string().max(200).optional().meta({ description: "Code of a fault or finding.", positional: 0 }),
    list: z.boolean().default(false).meta({ description: "List every code with its meaning." }),
  }),
  run: async (_context, { code, list }) => {
    if (list) return { result: { mode: "list", codes: await codeList() } as Result };
    if (code === undefined)
      throw make("INPUT_MISSING", "name a code, or pass --list", { field: "code", command: "pkg explain" });
    return { result: { mode: "one", code: await explained(code) } as Result };
  },
  json: (result) => (result.mode === "one" ? result.code : { codes: result.codes }),
  text: (result) => (result.mode === "one" ? oneText(result.code) : listText(result.codes)),
});

/** @throws CODE_UNKNOWN */
async function explained(named: string): Promise<Explained> {
  const found = await explainCode(named);
  if ("near" in found)
    throw make("CODE_UNKNOWN", `no code is called ${JSON.stringify(named.slice(0, 100))}`, {
      code: named.slice(0, 100),
      near: found.near,
    });
  const own = Object.hasOwn(PREFLIGHT_CODES, found.code) ? PREFLIGHT_CODES[found.code] : undefined;
  return { ...found, check: own?.check ?? null, broken: own?.broken ?? null, fix: own?.fix ?? null };
}

function oneText(one: Explained): string {
  const kind = one.exit_code === null ? "a finding" : `a fault, exit ${one.exit_code} (${one.exit_meaning})`;
  const block = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ["", `${title}:`, ...lines.map((line) => `  ${line}`)];
  return [
    `${one.code}: ${kind}, of the room ${one.room}${one.check === null ? "" : `, check ${one.check}`}`,
    "",
    one.meaning,
    ...block("It reads", one.messages),
    ...block("What to do", one.next_steps),
    ...block("For example", one.broken?.split("\n") ?? []),
    ...block("Mended", one.fix?.split("\n") ?? []),
    ...block("Raised in", one.raised_in),
    "",
  ].join("\n");
}

const listText = (codes: readonly Pick<Explained, "code" | "meaning">[]): string =>
  [...codes.map(({ code, meaning }) => `${code}  ${meaning}`), `${codes.length} codes`, ""].join("\n");
