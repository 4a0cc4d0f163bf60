import { z } from "zod";
import type { Finding } from "../contracts/index.ts";
import {
  ADOPT_CODES,
  type Inventory,
  type InventoryEntry,
  resolveFolder,
  shownName,
  type TakeResult,
  takeEntries,
  takeInventory,
} from "../lifecycle/index.ts";
import type { Plane } from "../plane/index.ts";
import { type Context, operation, planeOf } from "./define.ts";
import { make } from "./faults.ts";
import { dryRun } from "./fields.ts";
import { findingLines } from "./finding-lines.ts";
import { runtimeOf } from "./runtime.ts";
import { wrappedLines } from "./wrapped-lines.ts";

interface AdoptResult {
  readonly inventory: Inventory;
  /** Null when nothing was asked to be taken. */
  readonly taken: TakeResult | null;
}

const words = z.array(z.string().min(1).max(4096)).optional();

export const adopt = operation({
  name: "adopt",
  summary: "Show what an unmanaged plugin folder holds, and take packages of it over as they lie.",
  examples: [
    "pkg adopt vendor/site-packages",
    "pkg adopt vendor/site-packages --take pip --dry-run",
    "pkg adopt plugins --all --accept HOOK_AT_START",
  ],
  // Only --take and --all want one.
  authorised: true,
  input: z.strictObject({
    directory: z.string().min(1).meta({
      description: "Folder: site-packages, node_modules, or one with plugins of an agent.",
      positional: 0,
    }),
    take: words.meta({
      description: "Packages to take over, by name or place; repeat or separate by commas.",
    }),
    all: z.boolean().default(false).meta({ description: "Take over every package nobody governs yet." }),
    as: words.meta({ description: "Package ids for those taken, in their order. Default: PKG-NAME-001." }),
    accept: words.meta({ description: "Codes of findings to take along knowingly; noted in the ledger." }),
    strict: z
      .boolean()
      .default(false)
      .meta({ description: "Exit with 1 when there is a finding of severity error." }),
    dry_run: dryRun,
  }),
  run: async (context, input) => {
    const { effects, token, wait_ms, onPhase, files } = context;
    const [take, as, accept] = [split(input.take), split(input.as), split(input.accept)];
    checkInput(input.all, take, as, accept);
    const folder = resolveFolder(effects, input.directory);
    if (take.length === 0 && !input.all) {
      const inventory = await takeInventory(effects, folder, planeAround(context));
      const result: AdoptResult = { inventory, taken: null };
      return {
        result,
        exit_code: exitCode(inventory, input.strict),
      };
    }
    const request = {
      folder,
      take,
      all: input.all,
      as,
      accept,
      dry_run: input.dry_run,
      token,
      wait_ms,
      onPhase,
    };
    const runtime = await runtimeOf(context, false);
    const { deflate_worker_url } = files;
    const result: AdoptResult = await takeEntries(effects, planeOf(context), {
      ...request,
      runtime,
      deflate_worker_url,
    });
    return { result, exit_code: exitCode(result.inventory, input.strict) };
  },
  text: ({ inventory, taken }, { directory }) =>
    [
      ...inventoryLines(inventory),
      ...(taken === null ? nextLines(inventory, directory) : takenLines(taken)),
      "",
    ].join("\n"),
});

const split = (given: readonly string[] | undefined): string[] =>
  (given ?? []).flatMap((word) => word.split(",")).filter((word) => word !== "");

/** @throws INPUT_MISSING */
function checkInput(
  all: boolean,
  take: readonly string[],
  as: readonly string[],
  accept: readonly string[],
): void {
  const command = "pkg adopt";
  if (all && take.length > 0)
    throw make("INPUT_MISSING", "--all and --take exclude each other", { field: "take", command });
  if (as.length > 0 && take.length === 0)
    throw make("INPUT_MISSING", "--as needs --take: ids go to the packages named", { field: "as", command });
  const unknown = accept.find((code) => !(ADOPT_CODES as readonly string[]).includes(code));
  if (unknown !== undefined)
    throw make("INPUT_MISSING", `--accept ${JSON.stringify(unknown)} is no code of a finding`, {
      field: "accept",
      command,
    });
}

/** An inventory needs no plane; with one it can say what is governed already. */
function planeAround(context: Context): Plane | undefined {
  try {
    return planeOf(context);
  } catch (error) {
    if ((error as { code?: string }).code === "PLANE_NOT_FOUND" && context.root === undefined)
      return undefined;
    throw error;
  }
}

/** A check that saw nothing fails, strict or not. */
function exitCode({ entries, findings }: Inventory, strict: boolean): number {
  if (entries.length === 0) return 1;
  return strict && findings.some(({ severity }) => severity === "error") ? 1 : 0;
}

function inventoryLines({ folder, entries, totals, findings }: Inventory): string[] {
  const shown = findings.filter(({ severity }) => severity !== "info");
  const infos = counted(findings.filter(({ severity }) => severity === "info"));
  return [
    ...wrappedLines(
      `${shownName(folder)}: ${entries.length} package(s), ${totals.files} files, ${totals.size_bytes} bytes`,
    ),
    `  ${totals.claimed} claimed, ${totals.unclaimed} unclaimed, ${totals.cache} bytecode, ${totals.phantom} phantom,`,
    `  ${totals.mismatched} mismatched, ${totals.links} links, ${totals.special} special`,
    "",
    ...entries.flatMap(entryLines),
    ...(entries.length === 0 ? [] : [""]),
    ...findingLines(shown).flatMap((line) =>
      wrappedLines(line.trimStart(), line.slice(0, line.search(/\S/))),
    ),
    ...(infos === "" ? [] : wrappedLines(`Also: ${infos} (--json lists them)`)),
  ];
}

function entryLines(one: InventoryEntry): string[] {
  const name = `${shownName(one.name)} ${shownName(one.version ?? "?")}`;
  const checked = one.verified_count > 0 ? `, ${one.verified_count} as recorded` : ", no digests recorded";
  const bad = one.mismatched.length + one.phantom.length;
  const problems = bad === 0 ? "" : `, ${bad} not as recorded`;
  const owner = one.governed_by === null ? "" : `  governed by ${one.governed_by}`;
  const head = `  ${one.kind.padEnd(7)}${name.padEnd(28)}`;
  const facts = `${one.files.length} files${checked}${problems}${owner}`;
  if (head.length + 1 + facts.length <= 80) return [`${head} ${facts}`];
  return [head.trimEnd(), ...wrappedLines(facts, "         ")];
}

function counted(findings: readonly Finding[]): string {
  const counts = new Map<string, number>();
  for (const { code } of findings) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].map(([code, count]) => `${count} ${code}`).join(", ");
}

function nextLines({ entries }: Inventory, directory: string): string[] {
  const free = entries.find(({ governed_by }) => governed_by === null);
  return free === undefined
    ? []
    : ["", `Next: pkg adopt ${shownName(directory)} --take ${shownName(free.name)} --dry-run`];
}

function takenLines({ packages, dry_run, transaction_id }: TakeResult): string[] {
  const verb = dry_run ? "Would adopt" : "Adopted";
  if (packages.length === 0) return ["", "Nothing to adopt: everything is governed already."];
  return [
    "",
    ...packages.flatMap((one) => [
      ...wrappedLines(
        `${verb} ${one.package_id} ${one.version}: ${one.files} files of ${shownName(one.name)}, as they lie`,
      ),
      ...(one.accepted.length === 0 ? [] : wrappedLines(`accepted: ${one.accepted.join(", ")}`, "  ")),
    ]),
    ...(transaction_id === null ? [] : [`Transaction ${transaction_id}. Next: integrity-check`]),
  ];
}
