/** Packages entering and leaving in one transaction: the one way installed packages change. */
import type { Receipt, Row } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import type { Notes, Transaction } from "../journal/index.ts";
import { type Json, prettyJson, sha256Hex } from "../kernel/index.ts";
import { checkpointInForce, streamHead } from "../ledger/index.ts";
import {
  digestOf,
  PLANE_STREAMS,
  type Plane,
  planeStream,
  STATE_DIRECTORY,
  type WriteSession,
} from "../plane/index.ts";
import { type Installed, manifestCopyPath, receiptDirectory, receiptPath } from "../receipts/index.ts";
import { adoptArchive } from "./adopt-archive.ts";
import { bytecodeBeside } from "./bytecode.ts";
import {
  changedEntry,
  ownershipRows,
  receiptOf,
  startedEntry,
  stateRow,
  uninstalledEntry,
} from "./change-records.ts";
import { keepCopy, stageLeaving } from "./leaving.ts";
import { readLeftovers, stageLeftovers } from "./leftovers.ts";
import type { Occasion, PackageChange } from "./package-change.ts";
import { followPlugins } from "./plugin/follow-plugins.ts";
import { INHERITED_PATH, planPruning } from "./prune.ts";
import { needsBytes, putBytes, type Staging } from "./staging.ts";
import type { Entering } from "./target.ts";
import { type Committed, type Conclusion, transact } from "./transact.ts";

export type { PackageChange } from "./package-change.ts";

export async function applyChange(
  effects: Effects,
  session: WriteSession,
  transaction: Transaction,
  staging: Staging,
  change: PackageChange,
  occasion: Occasion,
): Promise<Committed> {
  const { about, check } = occasion;
  return transact<object>(
    effects,
    session,
    about,
    async () => {
      await staging.fill(effects, change.entering);
      const receipts = await stageAll(effects, session, transaction, staging, change, occasion);
      const generation = session.generation + 1;
      const { user } = about;
      return {
        registries: registriesOf(effects, transaction, session.plane, change, receipts),
        started: change.entering.map((one) => startedEntry(one, about)),
        entries: [
          ...change.entering.map((one, index) =>
            changedEntry(one, receipts[index] as Receipt, user, generation, receiptDigest(receipts[index])),
          ),
          ...change.leaving.map(({ leaves }) => uninstalledEntry(leaves, user, generation)),
          ...followPlugins(effects, session.plane, transaction, change, occasion),
          ...(occasion.notes ?? []),
        ],
        result: {},
        notes: notesOf(effects, session.plane, change, receipts),
        check,
      };
    },
    transaction,
  );
}

const receiptBytes = (value: unknown): Buffer => Buffer.from(prettyJson(value as Json));
const receiptDigest = (receipt: Receipt | undefined): string => sha256Hex(receiptBytes(receipt));

/** @returns the receipts as they will be, in the order of `entering` */
async function stageAll(
  effects: Effects,
  session: WriteSession,
  transaction: Transaction,
  staging: Staging,
  change: PackageChange,
  occasion: Occasion,
): Promise<Receipt[]> {
  const { plane } = session;
  const stands = whereLedgersStand(effects, plane);
  const installed_at = new Date(effects.clock.now_ms()).toISOString();
  const receipts: Receipt[] = [];
  for (const entering of change.entering) {
    const cache_before = bytecodeBeside(
      effects.fs,
      plane.root,
      entering.placements.map(({ path }) => path),
    );
    const known = new Set(transaction.directoriesMade);
    await stageEntering(effects, transaction, plane, staging, entering);
    // Copies of edited files make folders too; those are not the package's.
    const made = transaction.directoriesMade.filter(
      (path) => !known.has(path) && !path.startsWith(STATE_DIRECTORY) && !STATE_DIRECTORY.startsWith(path),
    );
    const receipt = receiptOf(entering, {
      installed_at,
      installed_by: occasion.about.user,
      transaction_id: transaction.id,
      generation: session.generation + 1,
      work_order_id: occasion.work_order_id,
      directories_made: made,
      cache_before: entering.before?.receipt.cache_before ?? cache_before,
      ...stands,
    });
    putReceipt(effects, transaction, plane, entering, receipt);
    receipts.push(receipt);
  }
  for (const { installed, leaves } of change.leaving) {
    stageLeaving(effects, transaction, plane, installed.receipt, leaves);
    removeReceipt(effects, transaction, plane, installed.receipt);
  }
  stageRest(effects, transaction, plane, change);
  return receipts;
}

async function stageEntering(
  effects: Effects,
  transaction: Transaction,
  plane: Plane,
  staging: Staging,
  entering: Entering,
): Promise<void> {
  for (const [number, placement] of entering.placements.entries()) {
    if (number % 256 === 0) await effects.clock.breathe();
    effects.signal.throwIfAborted();
    if (placement.edited === true) keepCopy(effects, transaction, plane, placement.path);
    if (needsBytes(placement))
      putBytes(effects, transaction, staging, entering, placement, placement.new_default ?? placement.path);
  }
  if (entering.before !== undefined && entering.obsolete !== undefined)
    stageLeaving(effects, transaction, plane, entering.before.receipt, entering.obsolete);
}

/** A receipt that was there before comes back by rename: that takes no space. */
function putReceipt(
  { fs }: Effects,
  transaction: Transaction,
  plane: Plane,
  { target, tier }: Entering,
  receipt: Receipt,
): void {
  const { package_id } = target.manifest;
  const files = [
    [manifestCopyPath(package_id, tier), target.manifest],
    [receiptPath(package_id, tier), receipt],
  ] as const;
  for (const [path, value] of files) {
    const bytes = receiptBytes(value);
    const kept = target.bytes.kind === "kept" ? target.bytes.kept.at(path, sha256Hex(bytes)) : undefined;
    const staged = kept === undefined ? { bytes, mode: 0o644 } : { kept: kept.file };
    transaction.put(path, staged, digestOf(fs, `${plane.root}/${path}`));
  }
}

function removeReceipt({ fs }: Effects, transaction: Transaction, plane: Plane, receipt: Receipt): void {
  const { package_id, plane_id } = receipt;
  for (const path of [receiptPath(package_id, plane_id), manifestCopyPath(package_id, plane_id)])
    transaction.remove(path, digestOf(fs, `${plane.root}/${path}`));
  transaction.removeDirectory(receiptDirectory(package_id, plane_id));
}

/** Folders and memories, when everything that leaves is known. */
function stageRest({ fs }: Effects, transaction: Transaction, plane: Plane, change: PackageChange): void {
  const parts = [
    ...change.leaving.map(({ leaves }) => leaves),
    ...change.entering.flatMap(({ obsolete }) => obsolete ?? []),
  ];
  const leaving = new Set(
    parts.flatMap(({ removed, cache_removed, drifted }) => [...removed, ...cache_removed, ...drifted]),
  );
  const coming = new Set(change.entering.flatMap(({ placements }) => placements.map(({ path }) => path)));
  const gone = new Set([...leaving].filter((path) => !coming.has(path)));
  const candidates = parts.flatMap(({ directories }) => directories);
  const { directories, inherited } = planPruning(fs, plane.root, candidates, gone);
  const needed = new Set(transaction.directoriesMade);
  for (const path of directories)
    if (!needed.has(path) && ![...coming].some((file) => file.startsWith(`${path}/`)))
      transaction.removeDirectory(path);
  if (inherited !== undefined) transaction.put(INHERITED_PATH, { bytes: inherited, mode: 0o644 });
  const known = readLeftovers(fs, plane.root);
  stageLeftovers(fs, plane.root, transaction, {
    taken: new Set([...coming].filter((path) => known.has(path))),
    left: new Map([
      ...change.leaving.flatMap(({ leaves }) =>
        leaves.kept.map((path) => [path, leaves.package_id] as const),
      ),
      ...change.entering.flatMap(({ target, obsolete }) =>
        (obsolete?.kept ?? []).map((path) => [path, target.manifest.package_id] as const),
      ),
    ]),
  });
}

function registriesOf(
  effects: Effects,
  transaction: Transaction,
  plane: Plane,
  { entering, leaving }: PackageChange,
  receipts: readonly Receipt[],
): Conclusion<unknown>["registries"] {
  const candidates = new Map(
    entering.flatMap(({ target }) =>
      target.bytes.kind === "archive" ? [[target.manifest.package_id, target.bytes.candidate] as const] : [],
    ),
  );
  const rows = [...candidates.values()].flatMap((candidate): Row[] => {
    const row = adoptArchive(effects, transaction, plane, candidate);
    return row === undefined ? [] : [row];
  });
  const staying = new Set(receipts.flatMap(({ files }) => files.map(({ path }) => path)));
  const disowned = [
    ...leaving.flatMap(({ installed }) => installed.receipt.files),
    ...entering.flatMap(({ before }) => before?.receipt.files ?? []),
  ].filter(({ path }) => !staying.has(path));
  return [
    { name: "packages_registry", upsert: rows, remove: [] },
    {
      name: "packages_state",
      upsert: receipts.map(stateRow),
      remove: leaving.map(({ installed: { receipt } }) => [receipt.package_id, receipt.plane_id]),
    },
    {
      name: "file_ownership",
      upsert: receipts.flatMap(ownershipRows),
      remove: disowned.map(({ path }) => [path]),
    },
  ];
}

/** What a later rollback needs to know of each package: where it came from and where it went. */
function notesOf(
  { fs }: Effects,
  plane: Plane,
  { entering, leaving }: PackageChange,
  receipts: readonly Receipt[],
): Notes {
  const stateBefore = (id: string, tier: Receipt["plane_id"], before: Installed | undefined) =>
    before === undefined
      ? null
      : {
          version: before.receipt.version,
          receipt_sha256: digestOf(fs, `${plane.root}/${receiptPath(id, tier)}`),
        };
  return {
    packages: [
      ...entering.map(({ target: { manifest }, tier, before }, index) => ({
        package_id: manifest.package_id,
        plane_id: tier,
        from: stateBefore(manifest.package_id, tier, before),
        to: { version: manifest.version, receipt_sha256: receiptDigest(receipts[index]) },
      })),
      ...leaving.map(({ installed }) => ({
        package_id: installed.receipt.package_id,
        plane_id: installed.receipt.plane_id,
        from: stateBefore(installed.receipt.package_id, installed.receipt.plane_id, installed),
        to: null,
      })),
    ],
  };
}

/** What a receipt keeps of the ledgers, so that none of them can be rolled back or forked unseen while it is there. */
function whereLedgersStand(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
): Pick<Receipt, "ledger_heads" | "ledger_checkpoints"> {
  const heads: Receipt["ledger_heads"] = {};
  const checkpoints: Record<string, string> = {};
  for (const name of PLANE_STREAMS) {
    const stream = planeStream(plane, name);
    const head = streamHead(fs, stream);
    if (head !== undefined) heads[name] = { entries: head.entries, entry_hash: head.entry_hash };
    const checkpoint = checkpointInForce(fs, stream);
    if (checkpoint !== undefined) checkpoints[name] = checkpoint;
  }
  return {
    ledger_heads: heads,
    ...(Object.keys(checkpoints).length === 0 ? {} : { ledger_checkpoints: checkpoints }),
  };
}
