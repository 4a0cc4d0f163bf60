/** Restore: drifted and missing files of installed packages come back from the store; what was found is kept aside. */
import { extractArchive } from "../archive/index.ts";
import type { Effects } from "../effects/index.ts";
import type { PhaseTime, Transaction } from "../journal/index.ts";
import { bare } from "../kernel/index.ts";
import { authorise, KEPT_DIRECTORY, PACKAGES_STREAM, type Plane, reading } from "../plane/index.ts";
import { tierPrefix } from "../receipts/index.ts";
import { changeSession, type OnPhase } from "./change-session.ts";
import { withDigestMemory } from "./digest-memory.ts";
import { keepCopy } from "./leaving.ts";
import { refuseAll } from "./refuse.ts";
import { type BrokenPackage, PLANE_ITSELF, planRestore, type RestorePlan } from "./restore-plan.ts";
import { restoredCheck } from "./restored-check.ts";
import { type LedgerNote, transact } from "./transact.ts";

export interface RestoreResult {
  /** The exact file plan, also of a dry run. */
  readonly restored: readonly {
    readonly path: string;
    readonly package_id: string;
    readonly was: "drift" | "missing";
    /** Where the bytes come from, plane-relative; null for a file this program ships. */
    readonly from: string | null;
  }[];
  /** Where copies of the drifted files lie; null when there was none. */
  readonly kept_in: string | null;
  readonly dry_run: boolean;
  readonly transaction_id: string | null;
  readonly generation: number | null;
  readonly timeline: readonly PhaseTime[];
  /** Paths whose bytes and mode were held against their receipts afterwards. */
  readonly verified_paths: number;
}

export interface RestoreRequest {
  readonly token: string | undefined;
  readonly dry_run: boolean;
  readonly wait_ms?: number | undefined;
  /** Files that belong to the plane itself, with the bytes they must have. */
  readonly plane_files?: ReadonlyMap<string, Uint8Array>;
  readonly onPhase?: OnPhase | undefined;
}

/**
 * One change like every other, whole or absent; nothing is downloaded, so that phase is absent.
 * @throws AUTH_*, RESTORE_SOURCE_MISSING when the store no longer holds the installed bytes, PATH_*, TRANSACTION_FAILED,
 * INTERRUPTED
 */
export async function restore(real: Effects, plane: Plane, request: RestoreRequest): Promise<RestoreResult> {
  const effects = withDigestMemory(real);
  const { user } = await authorise(effects, plane, request.token, {
    action: "update",
    command: `integrity-check --fix${request.dry_run ? " --dry-run" : ""}`,
  });
  const own = request.plane_files ?? new Map<string, Uint8Array>();
  const none = { kept_in: null, transaction_id: null, generation: null, timeline: [], verified_paths: 0 };
  // Made once before anything is begun: the journal names the packages, and a plane that is whole is not touched.
  let plan = await reading(effects, plane, () => planRestore(effects, plane, own));
  const { concerned } = plan;
  const planned = async (): Promise<RestorePlan> => {
    const again = await reading(effects, plane, () => planRestore(effects, plane, own, concerned));
    refuseAll(again.problems);
    return again;
  };
  const is_whole = plan.packages.length + plan.own.length + plan.problems.length === 0;
  if (request.dry_run) refuseAll(plan.problems);
  if (request.dry_run || is_whole) return { ...none, restored: shown(plane, plan), dry_run: request.dry_run };
  const about = { operation: "restore", subject: subjectOf(plan), user };
  const done = { kept: 0, verified_paths: 0 };
  const extracted = new Map<string, string>();
  const committed = await changeSession(
    effects,
    plane,
    { about, wait_ms: request.wait_ms, onPhase: request.onPhase ?? (() => undefined) },
    async (workspace) => {
      workspace.enter("verify");
      plan = await planned();
      if (plan.packages.length + plan.own.length === 0) return undefined;
      workspace.enter("dependency-prepare");
      await extractMissing(effects, workspace.transaction, plan, extracted);
      return plan;
    },
    async (session, workspace) => {
      const { transaction } = workspace;
      plan = await planRestore(effects, plane, own, concerned);
      refuseAll(plan.problems);
      workspace.enter("activate");
      const wanted = [...plan.packages.flatMap(({ files }) => files), ...plan.own].map(({ file }) => file);
      const check = restoredCheck(effects, plane, wanted, {
        onStart: () => workspace.enter("health-check"),
        onChecked: (count) => {
          done.verified_paths = count;
        },
      });
      return transact<object>(
        effects,
        session,
        about,
        async () => {
          await extractMissing(effects, transaction, plan, extracted);
          done.kept = stageAll(effects, transaction, plane, plan, extracted);
          return {
            registries: [],
            entries: entriesOf(plan, user, session.generation + 1),
            result: {},
            check,
          };
        },
        transaction,
      );
    },
  );
  const restored = shown(plane, plan);
  if (committed === undefined) return { ...none, restored, dry_run: false };
  const { transaction_id, generation, timeline } = committed;
  const kept_in = done.kept === 0 ? null : `${KEPT_DIRECTORY}/${transaction_id}`;
  const { verified_paths } = done;
  return { restored, kept_in, dry_run: false, transaction_id, generation, timeline, verified_paths };
}

function subjectOf({ packages, problems }: RestorePlan): string {
  const refused = problems.flatMap(({ details: { package_id } }) =>
    typeof package_id === "string" ? [package_id] : [],
  );
  const ids = new Set([...packages.map(({ receipt }) => receipt.package_id), ...refused]);
  return ([...ids].join(" ") || PLANE_ITSELF).slice(0, 256);
}

function shown(plane: Plane, { packages, own }: RestorePlan): RestoreResult["restored"] {
  return [
    ...packages.flatMap(({ receipt: { package_id }, files, archive }) =>
      files.map(({ file: { path }, was }) => ({
        path,
        package_id,
        was,
        from: archive.slice(plane.root.length + 1),
      })),
    ),
    ...own.map(({ file: { path }, was }) => ({ path, package_id: PLANE_ITSELF, was, from: null })),
  ];
}

/** Fills `extracted`: plane-relative path to where the bytes lie in the transaction's folder, which moves with it. */
async function extractMissing(
  effects: Effects,
  transaction: Transaction,
  { packages }: RestorePlan,
  extracted: Map<string, string>,
): Promise<void> {
  for (const one of packages) {
    const missing = one.files
      .filter(({ file: { path } }) => !extracted.has(path))
      .map(({ file }) => file.path);
    if (missing.length > 0) await extract(effects, transaction, one, missing, extracted);
  }
}

async function extract(
  effects: Effects,
  transaction: Transaction,
  { receipt, archive }: BrokenPackage,
  missing: readonly string[],
  extracted: Map<string, string>,
): Promise<void> {
  const scratch = `restored-${extracted.size}`;
  const prefix = tierPrefix(receipt.plane_id);
  const numbers = new Map(missing.map((path, number) => [path.slice(prefix.length), String(number)]));
  await extractArchive(effects, archive, {
    digest: bare(receipt.archive_hash),
    destination: transaction.makeScratch(scratch),
    // Legacy archives put everything under one package folder.
    rename: (member) => numbers.get(member) ?? numbers.get(member.replace(/^PKG-[^/]+\//, "")),
    signal: effects.signal,
  });
  for (const [number, path] of missing.entries()) extracted.set(path, `${scratch}/${number}`);
}

/** @returns how many copies were kept */
function stageAll(
  effects: Effects,
  transaction: Transaction,
  plane: Plane,
  { packages, own }: RestorePlan,
  extracted: ReadonlyMap<string, string>,
): number {
  let kept = 0;
  for (const { file, was, found_sha256 } of packages.flatMap(({ files }) => files)) {
    if (was === "drift") kept += keepCopy(effects, transaction, plane, file.path);
    const staged = { file: `${transaction.site.directory}/${extracted.get(file.path) ?? ""}` };
    if (file.mode !== undefined) effects.fs.setMode(staged.file, Number.parseInt(file.mode, 8));
    transaction.put(file.path, staged, found_sha256);
  }
  for (const { file, was, found_sha256 } of own) {
    if (was === "drift") kept += keepCopy(effects, transaction, plane, file.path);
    transaction.put(file.path, { bytes: file.bytes, mode: 0o644 }, found_sha256);
  }
  return kept;
}

function entriesOf({ packages, own }: RestorePlan, user: string, generation: number): LedgerNote[] {
  const entry = (id: string, version: string | undefined, files: number, from: string): LedgerNote => ({
    stream: PACKAGES_STREAM,
    event_type: "RESTORED",
    submission_id: id,
    decision: "RESTORED",
    reason: `${files} file(s) of ${version === undefined ? id : `${id} ${version}`} restored from ${from}`,
    metadata: {
      ledger_type: "L-PACKAGE",
      user,
      ...(version === undefined ? {} : { version }),
      files,
      generation,
    },
  });
  return [
    ...packages.map(({ receipt: { package_id, version }, files }) =>
      entry(package_id, version, files.length, "the store"),
    ),
    ...(own.length === 0 ? [] : [entry(PLANE_ITSELF, undefined, own.length, "what this program ships")]),
  ];
}
