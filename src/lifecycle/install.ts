/** Install: one or several packages into one or several plane tiers, whole or not at all. */
import { extractArchive } from "../archive/index.ts";
import type { PlaneTier, Receipt, Row } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import type { Transaction } from "../journal/index.ts";
import { type Json, prettyJson } from "../kernel/index.ts";
import { appendEntries, streamHead } from "../ledger/index.ts";
import {
  authorise,
  PACKAGES_STREAM,
  PLANE_STREAMS,
  type Plane,
  planeStream,
  type WriteSession,
  writing,
} from "../plane/index.ts";
import { manifestCopyPath, receiptPath } from "../receipts/index.ts";
import { adoptArchive } from "./adopt-archive.ts";
import { bytecodeBeside } from "./bytecode.ts";
import type { Wanted } from "./candidate.ts";
import { make } from "./faults.ts";
import { described, type InstalledPackage } from "./install-describe.ts";
import { type Entering, type InstallPlan, planInstall, readCandidates } from "./install-plan.ts";
import { installedEntry, ownershipRows, receiptOf, startedEntry, stateRow } from "./install-records.ts";
import { refuseAll } from "./refuse.ts";
import type { Runtime } from "./requirements.ts";
import { transact } from "./transact.ts";

export interface InstallRequest {
  readonly wanted: readonly Wanted[];
  /** Plane tiers to install into; absent means the tier each manifest names. */
  readonly tiers?: readonly PlaneTier[] | undefined;
  readonly token: string | undefined;
  readonly dry_run: boolean;
  readonly work_order_id?: string | undefined;
  readonly wait_ms?: number | undefined;
  readonly runtime: (needs_python: boolean) => Promise<Runtime>;
  /** Told each phase as it begins, with its number of five. */
  readonly onPhase: (subject: string, phase: string, number: number) => void;
}

export interface InstallResult {
  readonly packages: readonly InstalledPackage[];
  readonly dry_run: boolean;
  readonly transaction_id: string | null;
  readonly generation: number | null;
}

/** @throws AUTH_*, ARCHIVE_*, MANIFEST_*, and any problem `planInstall` lists; TRANSACTION_FAILED, INTERRUPTED */
export async function install(
  effects: Effects,
  plane: Plane,
  request: InstallRequest,
): Promise<InstallResult> {
  const ids = request.wanted.flatMap(({ id }) => (id === undefined ? [] : [id.split("@")[0] ?? ""]));
  const subject = ids.join(" ") || "archive";
  request.onPhase(subject, "verify", 2);
  const candidates = await readCandidates(effects, plane, request.wanted);
  // Reading needs no token; a narrowed one is judged by what the archives really hold, not by what the command names.
  const { user } = await authorise(effects, plane, request.token, {
    action: "install",
    package_ids: candidates.map(({ manifest }) => manifest.package_id),
    tiers: candidates.map(({ manifest }) => manifest.tier),
  });
  request.onPhase(subject, "dependency-prepare", 3);
  const runtime = await request.runtime(
    candidates.some(({ manifest }) => manifest.compat.python !== undefined),
  );
  const plan = (): Promise<InstallPlan> =>
    planInstall(effects, plane, request.wanted, candidates, request.tiers, runtime);
  const first = await plan();
  if (first.problems.length > 0) await recordRefusal(effects, plane, first, subject, user, request.dry_run);
  refuseAll(first.problems);
  if (request.dry_run || first.entering.length === 0)
    return { ...described(first, request.dry_run), transaction_id: null, generation: null };
  return writing(
    effects,
    plane,
    { user, ...(request.wait_ms === undefined ? {} : { wait_ms: request.wait_ms }) },
    async (session) => {
      const valid = await plan();
      refuseAll(valid.problems);
      request.onPhase(subject, "activate", 4);
      return apply(effects, session, valid, user, request);
    },
  );
}

async function apply(
  effects: Effects,
  session: WriteSession,
  plan: InstallPlan,
  user: string,
  request: InstallRequest,
): Promise<InstallResult> {
  const { fs } = effects;
  const { plane } = session;
  const subject = plan.entering
    .map(({ candidate }) => candidate.manifest.package_id)
    .join(" ")
    .slice(0, 256);
  checkSpace(effects, plane, plan);
  return transact(effects, session, { operation: "install", subject, user }, async (transaction) => {
    await appendEntries(
      effects,
      planeStream(plane, PACKAGES_STREAM),
      plan.entering.map((entering) => startedEntry(entering, transaction.id, user)),
    );
    const heads = ledgerHeads(effects, plane);
    const installed_at = new Date(effects.clock.now_ms()).toISOString();
    const receipts: Receipt[] = [];
    for (const [index, entering] of plan.entering.entries()) {
      const cache_before = bytecodeBeside(
        fs,
        plane.root,
        entering.placements.map(({ path }) => path),
      );
      const known = new Set(transaction.directoriesMade);
      await stageFiles(effects, transaction, entering, index);
      const directories_created = transaction.directoriesMade.filter((path) => !known.has(path));
      const receipt = receiptOf(entering, {
        installed_at,
        installed_by: user,
        transaction_id: transaction.id,
        generation: session.generation + 1,
        work_order_id: request.work_order_id ?? null,
        directories_created,
        cache_before,
        ledger_heads: heads,
      });
      planReceipt(transaction, entering, receipt);
      receipts.push(receipt);
    }
    const entered = new Map(plan.entering.map(({ candidate }) => [candidate.manifest.package_id, candidate]));
    const rows = [...entered.values()].flatMap((candidate): Row[] => {
      const row = adoptArchive(effects, transaction, plane, candidate);
      return row === undefined ? [] : [row];
    });
    return {
      registries: [
        { name: "packages_registry" as const, upsert: rows, remove: [] },
        { name: "packages_state" as const, upsert: receipts.map(stateRow), remove: [] },
        { name: "file_ownership" as const, upsert: receipts.flatMap(ownershipRows), remove: [] },
      ],
      entries: receipts.map((receipt) => installedEntry(receipt)),
      result: described(plan, false),
    };
  });
}

async function stageFiles(
  effects: Effects,
  transaction: Transaction,
  { candidate, placements }: Entering,
  index: number,
): Promise<void> {
  const { layout, listing, path } = candidate;
  const created = placements.filter(({ origin }) => origin === "created");
  const numbers = new Map(
    created.map(({ asset }, number) => [layout.files.get(asset.path)?.member ?? "", String(number)]),
  );
  const destination = transaction.makeScratch(`extracted-${index}`);
  await extractArchive(effects, path, {
    digest: listing.digest,
    destination,
    rename: (member: string) => numbers.get(member),
  });
  for (const [number, placement] of created.entries()) {
    if (number % 256 === 0) await effects.clock.breathe();
    effects.signal.throwIfAborted();
    transaction.put(placement.path, { file: `${destination}/${number}` });
  }
}

function planReceipt(transaction: Transaction, { candidate, tier }: Entering, receipt: Receipt): void {
  const { manifest } = candidate;
  const put = (path: string, value: unknown): void =>
    transaction.put(path, { bytes: Buffer.from(prettyJson(value as Json)), mode: 0o644 });
  put(manifestCopyPath(manifest.package_id, tier), manifest);
  put(receiptPath(manifest.package_id, tier), receipt);
}

async function recordRefusal(
  effects: Effects,
  plane: Plane,
  plan: InstallPlan,
  subject: string,
  user: string,
  dry_run: boolean,
): Promise<void> {
  if (dry_run) return;
  const codes = [...new Set(plan.problems.map(({ code }) => code))].sort();
  await appendEntries(effects, planeStream(plane, PACKAGES_STREAM), [
    {
      event_type: "INSTALL_REFUSED",
      submission_id: subject.slice(0, 256),
      decision: "REFUSED",
      reason: (plan.problems[0]?.message ?? "").slice(0, 2000).toWellFormed(),
      metadata: { ledger_type: "L-PACKAGE", user, codes, problems: plan.problems.length },
    },
  ]).catch(() => undefined);
}

function checkSpace({ fs }: Pick<Effects, "fs">, plane: Plane, plan: InstallPlan): void {
  const bytes = plan.entering
    .flatMap(({ placements }) => placements)
    .reduce((sum, { asset, origin }) => sum + (origin === "created" ? asset.size_bytes + 4096 : 512), 0);
  const needed_bytes = bytes + (1 << 20);
  const free_bytes = fs.freeBytes(plane.root);
  if (free_bytes >= needed_bytes) return;
  throw make("SPACE_SHORT", `the install needs ${needed_bytes} bytes, ${free_bytes} are free`, {
    needed_bytes,
    free_bytes,
  });
}

function ledgerHeads({ fs }: Pick<Effects, "fs">, plane: Plane): Receipt["ledger_heads"] {
  const heads: Record<string, { entries: number; entry_hash: string }> = {};
  for (const name of PLANE_STREAMS) {
    const head = streamHead(fs, planeStream(plane, name));
    if (head !== undefined) heads[name] = { entries: head.entries, entry_hash: head.entry_hash };
  }
  return heads;
}
