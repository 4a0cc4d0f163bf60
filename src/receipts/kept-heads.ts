/** What receipts keep of the ledgers: where each stood when the package came in. */
import type { Receipt } from "../contracts/index.ts";
import { PLANE_TIERS } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import type { KeptHead } from "../ledger/index.ts";
import { installedIds, receiptPath } from "./read.ts";

/** The heads in one receipt, which lies at `path`. */
export function headsIn(
  { ledger_heads, ledger_checkpoints = {} }: Pick<Receipt, "ledger_heads" | "ledger_checkpoints">,
  path: string,
): KeptHead[] {
  return Object.entries(ledger_heads)
    .filter(([, { entries }]) => entries > 0)
    .map(([stream, { entries, entry_hash }]) => {
      const checkpoint = Object.hasOwn(ledger_checkpoints, stream) ? ledger_checkpoints[stream] : undefined;
      return { path, stream, entries, entry_hash, ...(checkpoint !== undefined && { checkpoint }) };
    });
}

/** The heads in all receipts of a plane. Receipts that cannot be read keep nothing: the integrity check names them. */
export function keptHeads(fs: FileSystem, root: string): KeptHead[] {
  return PLANE_TIERS.flatMap((tier) =>
    installedIds(fs, root, tier).flatMap((id) => {
      const path = receiptPath(id, tier);
      const stated = statedIn(fs, `${root}/${path}`);
      return stated === undefined ? [] : headsIn(stated, path);
    }),
  );
}

/** Only these members are looked at: validating long lists of files would cost far more than the question. */
function statedIn(fs: FileSystem, path: string): Parameters<typeof headsIn>[0] | undefined {
  try {
    const { ledger_heads, ledger_checkpoints = {} } = JSON.parse(fs.readText(path)) as Record<
      string,
      unknown
    >;
    if (!isMembers(ledger_heads) || !isMembers(ledger_checkpoints)) return undefined;
    const heads = Object.entries(ledger_heads).filter(([, head]) => isHead(head));
    const checkpoints = Object.entries(ledger_checkpoints).filter(([, text]) => typeof text === "string");
    return {
      ledger_heads: Object.fromEntries(heads) as Receipt["ledger_heads"],
      ledger_checkpoints: Object.fromEntries(checkpoints) as Record<string, string>,
    };
  } catch {
    return undefined;
  }
}

const isMembers = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isHead = (head: unknown): boolean =>
  isMembers(head) && Number.isSafeInteger(head["entries"]) && typeof head["entry_hash"] === "string";
