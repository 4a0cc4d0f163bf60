/** Install: one or several packages into one or several plane tiers, whole or not at all. */
import { extractArchive } from "../archive/index.ts";
import type { PlaneTier, Receipt, Row } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import type { Transaction } from "../journal/index.ts";
import { breathe, compareCodePoints, type Json, prefixed, prettyJson } from "../kernel/index.ts";
import { appendEntries, streamHead } from "../ledger/index.ts";
import { authorise, PACKAGES_STREAM, type Plane, PLANE_STREAMS, planeStream, writing, type WriteSession } from "../plane/index.ts";
import { manifestCopyPath, receiptPath } from "../receipts/index.ts";
import { bytecodeBeside } from "./bytecode.ts";
import type { Wanted } from "./candidate.ts";
import { make } from "./faults.ts";
import { type Entering, type InstallPlan, planInstall, readCandidates } from "./install-plan.ts";
import { refuseAll } from "./refuse.ts";
import type { Runtime } from "./requirements.ts";
import { type LedgerNote, transact } from "./transact.ts";

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

export interface InstalledPackage {
  readonly package_id: string;
  readonly version: string;
  readonly plane_id: PlaneTier;
  readonly manifest_hash: string;
  readonly archive_hash: string;
  readonly archive_profile: string;
  readonly assets_count: number;
  readonly receipt_path: string;
  readonly created: readonly string[];
  readonly adopted: readonly string[];
  /** False when exactly this was installed already. */
  readonly changed: boolean;
}

export interface InstallResult {
  readonly packages: readonly InstalledPackage[];
  readonly dry_run: boolean;
  readonly transaction_id: string | null;
  readonly generation: number | null;
}

/** @throws AUTH_*, ARCHIVE_*, MANIFEST_*, and any problem `planInstall` lists; TRANSACTION_FAILED, INTERRUPTED */
export async function install(effects: Effects, plane: Plane, request: InstallRequest): Promise<InstallResult> {
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
  const runtime = await request.runtime(candidates.some(({ manifest }) => manifest.compat.python !== undefined));
  const plan = (): Promise<InstallPlan> => planInstall(effects, plane, request.wanted, candidates, request.tiers, runtime);
  const first = await plan();
  if (first.problems.length > 0) await recordRefusal(effects, plane, first, subject, user, request.dry_run);
  refuseAll(first.problems);
  if (request.dry_run || first.entering.length === 0) return { ...described(first, request.dry_run), transaction_id: null, generation: null };
  return writing(effects, plane, { user, ...(request.wait_ms === undefined ? {} : { wait_ms: request.wait_ms }) }, async (session) => {
    const valid = await plan();
    refuseAll(valid.problems);
    request.onPhase(subject, "activate", 4);
    return apply(effects, session, valid, user, request);
  });
}

async function apply(effects: Effects, session: WriteSession, plan: InstallPlan, user: string, request: InstallRequest): Promise<InstallResult> {
  const { fs } = effects;
  const { plane } = session;
  const subject = plan.entering.map(({ candidate }) => candidate.manifest.package_id).join(" ").slice(0, 256);
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
      const cache_before = bytecodeBeside(fs, plane.root, entering.placements.map(({ path }) => path));
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
    return {
      registries: [
        { name: "packages_state" as const, upsert: receipts.map(stateRow), remove: [] },
        { name: "file_ownership" as const, upsert: receipts.flatMap(ownershipRows), remove: [] },
      ],
      entries: receipts.map((receipt) => installedEntry(receipt)),
      result: described(plan, false),
    };
  });
}

async function stageFiles(effects: Effects, transaction: Transaction, { candidate, placements }: Entering, index: number): Promise<void> {
  const { layout, listing, path } = candidate;
  const created = placements.filter(({ origin }) => origin === "created");
  const numbers = new Map(created.map(({ asset }, number) => [layout.files.get(asset.path)?.member ?? "", String(number)]));
  const destination = transaction.makeScratch(`extracted-${index}`);
  await extractArchive(effects, path, {
    digest: listing.digest,
    destination,
    rename: (member: string) => numbers.get(member),
  });
  for (const [number, placement] of created.entries()) {
    if (number % 256 === 0) await breathe();
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

type Occasion = Pick<
  Receipt,
  "installed_at" | "installed_by" | "transaction_id" | "generation" | "work_order_id" | "directories_created" | "cache_before" | "ledger_heads"
>;

function receiptOf({ candidate, tier, placements }: Entering, occasion: Occasion): Receipt {
  const { manifest, manifest_hash, listing } = candidate;
  return {
    receipt_version: "2.0",
    package_id: manifest.package_id,
    version: manifest.version,
    tier: manifest.tier,
    package_type: manifest.package_type,
    plane_id: tier,
    origin: "INSTALLER",
    manifest_hash,
    archive_hash: prefixed(listing.digest),
    content_digest: listing.content_digest,
    archive_profile: listing.profile,
    assets_count: manifest.assets.length,
    files: placements
      .map(({ asset, path, origin }) => ({ ...asset, path, origin }))
      .sort((a, b) => compareCodePoints(a.path, b.path)),
    ...occasion,
  };
}

const stateRow = (receipt: Receipt): Row => ({
  package_id: receipt.package_id,
  status: "installed",
  manifest_hash: receipt.manifest_hash,
  package_type: receipt.package_type,
  plane_id: receipt.plane_id,
  assets_count: String(receipt.assets_count),
  installed_at: receipt.installed_at,
  uninstalled_at: "",
});

const ownershipRows = (receipt: Receipt): Row[] =>
  receipt.files.map(({ path, sha256, classification }) => ({
    file_path: path,
    owner_package_id: receipt.package_id,
    sha256,
    classification,
    installed_at: receipt.installed_at,
  }));

function startedEntry({ candidate: { manifest, manifest_hash }, tier }: Entering, transaction_id: string, user: string): Omit<LedgerNote, "stream"> & { metadata: never } {
  const { package_id, version, package_type } = manifest;
  return {
    event_type: "INSTALL_STARTED",
    submission_id: package_id,
    decision: "STARTED",
    reason: `installing ${package_id} ${version}`,
    metadata: { ledger_type: "L-PACKAGE", user, version, package_type, plane_id: tier, manifest_hash, transaction_id } as never,
  };
}

function installedEntry(receipt: Receipt): LedgerNote {
  const { package_id, version, package_type, plane_id, manifest_hash, archive_hash, assets_count, installed_by, generation } = receipt;
  return {
    stream: PACKAGES_STREAM,
    event_type: "INSTALLED",
    submission_id: package_id,
    decision: "INSTALLED",
    reason: `${package_id} ${version} installed`,
    metadata: {
      ledger_type: "L-PACKAGE",
      user: installed_by,
      version,
      package_type,
      plane_id,
      manifest_hash,
      archive_digest: archive_hash,
      assets_count,
      generation,
      work_order_id: receipt.work_order_id,
    },
  };
}

async function recordRefusal(effects: Effects, plane: Plane, plan: InstallPlan, subject: string, user: string, dry_run: boolean): Promise<void> {
  if (dry_run) return;
  const codes = [...new Set(plan.problems.map(({ code }) => code))].sort();
  await appendEntries(effects, planeStream(plane, PACKAGES_STREAM), [
    {
      event_type: "INSTALL_REFUSED",
      submission_id: subject.slice(0, 256),
      decision: "REFUSED",
      reason: (plan.problems[0]?.message ?? "").slice(0, 2000),
      metadata: { ledger_type: "L-PACKAGE", user, codes, problems: plan.problems.length },
    },
  ]).catch(() => undefined);
}

function checkSpace({ fs }: Pick<Effects, "fs">, plane: Plane, plan: InstallPlan): void {
  const bytes = plan.entering.flatMap(({ placements }) => placements).reduce((sum, { asset, origin }) => sum + (origin === "created" ? asset.size_bytes + 4096 : 512), 0);
  const needed_bytes = bytes + (1 << 20);
  const free_bytes = fs.freeBytes(plane.root);
  if (free_bytes >= needed_bytes) return;
  throw make("SPACE_SHORT", `the install needs ${needed_bytes} bytes, ${free_bytes} are free`, { needed_bytes, free_bytes });
}

function ledgerHeads({ fs }: Pick<Effects, "fs">, plane: Plane): Receipt["ledger_heads"] {
  const heads: Record<string, { entries: number; entry_hash: string }> = {};
  for (const name of PLANE_STREAMS) {
    const head = streamHead(fs, planeStream(plane, name));
    if (head !== undefined) heads[name] = { entries: head.entries, entry_hash: head.entry_hash };
  }
  return heads;
}

function described(plan: InstallPlan, dry_run: boolean): { packages: InstalledPackage[]; dry_run: boolean } {
  const entering = plan.entering.map(({ candidate, tier, placements }): InstalledPackage => {
    const { manifest, manifest_hash, listing } = candidate;
    const paths = (origin: string): string[] => placements.filter((one) => one.origin === origin).map(({ path }) => path);
    return {
      package_id: manifest.package_id,
      version: manifest.version,
      plane_id: tier,
      manifest_hash,
      archive_hash: prefixed(listing.digest),
      archive_profile: listing.profile,
      assets_count: manifest.assets.length,
      receipt_path: receiptPath(manifest.package_id, tier),
      created: paths("created"),
      adopted: paths("adopted"),
      changed: true,
    };
  });
  const unchanged = plan.unchanged.map(({ receipt, tier }): InstalledPackage => ({
    package_id: receipt.package_id,
    version: receipt.version,
    plane_id: tier,
    manifest_hash: receipt.manifest_hash,
    archive_hash: receipt.archive_hash,
    archive_profile: receipt.archive_profile,
    assets_count: receipt.assets_count,
    receipt_path: receiptPath(receipt.package_id, tier),
    created: [],
    adopted: [],
    changed: false,
  }));
  return { packages: [...entering, ...unchanged], dry_run };
}
