/** Uninstall: paths the package created go, paths it adopted are released untouched, what people edited stays (G5). */
import type { PlaneTier, Receipt, ReceiptFile } from "../contracts/index.ts";
import { PLANE_TIERS } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import type { Transaction } from "../journal/index.ts";
import { comparePaths, nearest, prefixed } from "../kernel/index.ts";
import { authorise, KEPT_DIRECTORY, PACKAGES_STREAM, type Plane, writing } from "../plane/index.ts";
import {
  type Installed,
  manifestCopyPath,
  readInstalled,
  receiptDirectory,
  receiptPath,
} from "../receipts/index.ts";
import { bytecodeBeside } from "./bytecode.ts";
import { copyFile } from "./copy-file.ts";
import { make } from "./faults.ts";
import { checkOwnPaths } from "./own-paths.ts";
import { INHERITED_PATH, planPruning } from "./prune.ts";
import { refuseAll } from "./refuse.ts";
import { type LedgerNote, transact } from "./transact.ts";

export interface UninstallRequest {
  readonly ids: readonly string[];
  readonly tiers?: readonly PlaneTier[] | undefined;
  readonly token: string | undefined;
  readonly dry_run: boolean;
  /** Also removes edited config and state files. */
  readonly purge: boolean;
  /** Goes on although code was edited; a copy is kept under `.holdfast/state/kept/`. */
  readonly accept_drift: boolean;
  readonly wait_ms?: number | undefined;
}

export interface UninstalledPackage {
  readonly package_id: string;
  readonly version: string;
  readonly plane_id: PlaneTier;
  readonly removed: readonly string[];
  readonly released: readonly string[];
  /** Edited config and state files left in place. */
  readonly kept: readonly string[];
  /** Edited code of which a copy was kept. */
  readonly drifted: readonly string[];
  readonly already_missing: readonly string[];
  readonly cache_removed: readonly string[];
  readonly directories: readonly string[];
}

export interface UninstallResult {
  readonly packages: readonly UninstalledPackage[];
  readonly dry_run: boolean;
  readonly transaction_id: string | null;
  readonly generation: number | null;
}

/** @throws AUTH_*, NOT_INSTALLED, NEEDED_BY_OTHERS, INSTALLED_DRIFTED, TRANSACTION_FAILED, INTERRUPTED */
export async function uninstall(
  effects: Effects,
  plane: Plane,
  request: UninstallRequest,
): Promise<UninstallResult> {
  const found = findLeaving(effects, plane, request);
  const { user } = await authorise(effects, plane, request.token, {
    action: "uninstall",
    package_ids: request.ids,
    tiers: found.map(({ receipt }) => receipt.tier),
  });
  if (request.dry_run) {
    const packages = await planAll(effects, plane, request);
    return { packages, dry_run: true, transaction_id: null, generation: null };
  }
  return writing(
    effects,
    plane,
    { user, ...(request.wait_ms === undefined ? {} : { wait_ms: request.wait_ms }) },
    async (session) => {
      const leaving = findLeaving(effects, plane, request);
      const packages = await planAll(effects, plane, request);
      const subject = request.ids.join(" ").slice(0, 256);
      return transact(effects, session, { operation: "uninstall", subject, user }, async (transaction) => {
        for (const [index, { receipt }] of leaving.entries()) {
          const leaves = packages[index];
          if (leaves !== undefined) stageRemoval(effects, transaction, plane, receipt, leaves);
        }
        stagePruning(effects, transaction, plane, packages);
        return {
          registries: [
            {
              name: "packages_state" as const,
              upsert: [],
              remove: leaving.map(({ receipt }) => [receipt.package_id, receipt.plane_id]),
            },
            {
              name: "file_ownership" as const,
              upsert: [],
              remove: leaving.flatMap(({ receipt }) => receipt.files.map(({ path }) => [path])),
            },
          ],
          entries: packages.map((leaves) => uninstalledEntry(leaves, user, session.generation + 1)),
          result: { packages, dry_run: false },
        };
      });
    },
  );
}

/** The installed packages the request names, in the order they leave: dependents before dependencies. */
function findLeaving({ fs }: Effects, plane: Plane, { ids, tiers }: UninstallRequest): Installed[] {
  const installed = readInstalled(fs, plane.root);
  const leaving = ids.flatMap((id) => {
    const found = installed.filter(
      ({ receipt }) =>
        receipt.package_id === id &&
        (tiers === undefined || tiers.length === 0 || tiers.includes(receipt.plane_id)),
    );
    if (found.length > 0) return found;
    const near = nearest(
      id,
      installed.map(({ receipt }) => receipt.package_id),
    );
    throw make("NOT_INSTALLED", `${id} is not installed`, { package_id: id, near });
  });
  const staying = installed.filter((one) => !leaving.includes(one));
  const problems = leaving.flatMap(({ receipt: { package_id } }) => {
    if (staying.some(({ receipt }) => receipt.package_id === package_id)) return [];
    const dependents = staying
      .filter(({ manifest }) => manifest.dependencies.some(({ id }) => id === package_id))
      .map(({ receipt }) => receipt.package_id);
    if (dependents.length === 0) return [];
    return [
      make("NEEDED_BY_OTHERS", `${package_id} is needed by ${dependents.join(", ")}`, {
        package_id,
        dependents,
      }),
    ];
  });
  refuseAll(problems);
  return leaving.sort(
    (a, b) => PLANE_TIERS.indexOf(b.receipt.plane_id) - PLANE_TIERS.indexOf(a.receipt.plane_id),
  );
}

async function planAll(
  effects: Effects,
  plane: Plane,
  request: UninstallRequest,
): Promise<UninstalledPackage[]> {
  const packages: UninstalledPackage[] = [];
  refuseAll(
    findLeaving(effects, plane, request).flatMap(({ receipt }) => checkOwnPaths(effects, plane, receipt)),
  );
  for (const { receipt } of findLeaving(effects, plane, request))
    packages.push(await planOne(effects, plane, receipt, request));
  const drifted = packages.filter((leaves) => leaves.drifted.length > 0 && !request.accept_drift);
  refuseAll(
    drifted.map(({ package_id, drifted: paths }) =>
      make(
        "INSTALLED_DRIFTED",
        `${paths.length} file(s) of ${package_id} were changed after the install: ${paths.slice(0, 3).join(", ")}`,
        { package_id, paths: paths.slice(0, 100) },
      ),
    ),
  );
  return packages;
}

async function planOne(
  { fs, workers }: Effects,
  plane: Plane,
  receipt: Receipt,
  { purge }: UninstallRequest,
): Promise<UninstalledPackage> {
  const created = receipt.files.filter(({ origin }) => origin === "created");
  const digests = await workers.digestFiles(created.map(({ path }) => `${plane.root}/${path}`));
  const removed: string[] = [];
  const kept: string[] = [];
  const drifted: string[] = [];
  const already_missing: string[] = [];
  for (const [index, file] of created.entries()) {
    const digest = digests[index];
    const state = stateOf(file, digest, fs.stat(`${plane.root}/${file.path}`) === undefined);
    if (state === "missing") already_missing.push(file.path);
    else if (state === "match" || (purge && isPersonal(file))) removed.push(file.path);
    else if (isPersonal(file)) kept.push(file.path);
    else drifted.push(file.path);
  }
  const before = new Set(receipt.cache_before);
  const cache_removed = bytecodeBeside(
    fs,
    plane.root,
    receipt.files.map(({ path }) => path),
  ).filter((path) => !before.has(path));
  return {
    package_id: receipt.package_id,
    version: receipt.version,
    plane_id: receipt.plane_id,
    removed,
    released: receipt.files.filter(({ origin }) => origin === "adopted").map(({ path }) => path),
    kept,
    drifted,
    already_missing,
    cache_removed,
    directories: prunable(receipt, cache_removed),
  };
}

const isPersonal = ({ classification }: ReceiptFile): boolean =>
  classification === "config" || classification === "state";

function stateOf(
  file: ReceiptFile,
  digest: { sha256: string; executable: boolean } | undefined,
  absent: boolean,
): "match" | "missing" | "drift" {
  if (absent) return "missing";
  const equal =
    digest !== undefined && prefixed(digest.sha256) === file.sha256 && digest.executable === file.executable;
  return equal ? "match" : "drift";
}

/** Folders the install made and the caches that grew in them, deepest first; each is removed only when empty by then. */
function prunable(receipt: Receipt, cache_removed: readonly string[]): string[] {
  const had_cache = new Set(receipt.cache_before.map(parentOf));
  const caches = [...new Set(cache_removed.map(parentOf))].filter((path) => !had_cache.has(path));
  return [...receipt.directories_created, ...caches].sort((a, b) => comparePaths(b, a));
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));

function stageRemoval(
  { fs }: Effects,
  transaction: Transaction,
  plane: Plane,
  receipt: Receipt,
  leaves: UninstalledPackage,
): void {
  for (const [number, path] of leaves.drifted.entries()) {
    const copy = `${transaction.site.directory}/kept-${receipt.package_id}-${number}`;
    if (fs.stat(`${plane.root}/${path}`)?.kind === "file") {
      copyFile(fs, `${plane.root}/${path}`, copy);
      transaction.put(`${KEPT_DIRECTORY}/${transaction.id}/${path}`, { file: copy });
    }
    transaction.remove(path);
  }
  for (const path of [...leaves.removed, ...leaves.cache_removed]) transaction.remove(path);
  const { package_id, plane_id } = receipt;
  for (const path of [receiptPath(package_id, plane_id), manifestCopyPath(package_id, plane_id)])
    transaction.remove(path);
  transaction.removeDirectory(receiptDirectory(package_id, plane_id));
}

/** Folders go last, when everything that leaves is gone. */
function stagePruning(
  { fs }: Effects,
  transaction: Transaction,
  plane: Plane,
  packages: readonly UninstalledPackage[],
): void {
  const leaving = new Set(
    packages.flatMap(({ removed, cache_removed, drifted }) => [...removed, ...cache_removed, ...drifted]),
  );
  const candidates = packages.flatMap(({ directories }) => directories);
  const { directories, inherited } = planPruning(fs, plane.root, candidates, leaving);
  for (const path of directories) transaction.removeDirectory(path);
  if (inherited !== undefined) transaction.put(INHERITED_PATH, { bytes: inherited, mode: 0o644 });
}

function uninstalledEntry(leaves: UninstalledPackage, user: string, generation: number): LedgerNote {
  const { package_id, version, plane_id, removed, released, kept, drifted } = leaves;
  return {
    stream: PACKAGES_STREAM,
    event_type: "UNINSTALLED",
    submission_id: package_id,
    decision: "UNINSTALLED",
    reason: `${package_id} ${version} uninstalled`,
    metadata: {
      ledger_type: "L-PACKAGE",
      user,
      version,
      plane_id,
      generation,
      removed: removed.length,
      released: released.length,
      kept: kept.length,
      drifted: drifted.length,
    },
  };
}
