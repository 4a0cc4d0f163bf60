/** Chosen packages of an unmanaged folder come under governance: every path adopted, not a byte moved. */
import type { PackageTier, Row } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { authorise, GOVERNANCE_STREAM, type Plane, registryPath } from "../../plane/index.ts";
import type { Runtime } from "../../preflight/index.ts";
import { readInstalled } from "../../receipts/index.ts";
import { findRow } from "../../registry/index.ts";
import { applyChange } from "../apply-change.ts";
import { tierOfId } from "../build-manifest.ts";
import { type Candidate, readCandidate } from "../candidate.ts";
import { changeSession, type OnPhase, type Workspace } from "../change-session.ts";
import { make } from "../faults.ts";
import { type Chosen, type InstallPlan, planInstall } from "../install-plan.ts";
import { refuseAll, refuseToken } from "../refuse.ts";
import type { LedgerNote } from "../transact.ts";
import { type Choice, type ChosenEntry, chooseEntries, findingsOf, objections } from "./choose-entries.ts";
import { manifestOf, manifestVersion } from "./entry-manifest.ts";
import type { Inventory } from "./inventory-types.ts";
import { takeInventory } from "./take-inventory.ts";
import { packTree, type TreeFile } from "./tree-manifest.ts";

export interface TakeRequest extends Choice {
  /** Absolute, links resolved. */
  readonly folder: string;
  readonly token: string | undefined;
  readonly dry_run: boolean;
  readonly runtime: Runtime;
  readonly wait_ms?: number | undefined;
  readonly deflate_worker_url?: URL | undefined;
  readonly onPhase?: OnPhase | undefined;
}

export interface TakenPackage {
  readonly package_id: string;
  readonly name: string;
  readonly version: string;
  readonly files: number;
  readonly size_bytes: number;
  /** Codes of findings that were taken along because they were accepted. */
  readonly accepted: readonly string[];
  /** Prefixed digest of the archive in the store; null in a dry run. */
  readonly archive_hash: string | null;
}

export interface TakeResult {
  readonly packages: readonly TakenPackage[];
  readonly dry_run: boolean;
  readonly transaction_id: string | null;
  readonly generation: number | null;
}

interface Prepared {
  readonly chosen: readonly Chosen[];
  readonly taken: readonly TakenPackage[];
}

/**
 * @throws AUTH_*, ADOPT_OUTSIDE_PLANE, ADOPT_NAME_UNKNOWN, ADOPT_NAME_AMBIGUOUS, ADOPT_ID_REFUSED, ADOPT_GOVERNED,
 * ADOPT_NOT_ACCEPTED, ADOPT_EMPTY, ADOPT_CHANGED, VERSION_EXISTS, TARGET_REFUSED, PATH_*, TRANSACTION_FAILED, INTERRUPTED
 */
export async function takeEntries(
  effects: Effects,
  plane: Plane,
  request: TakeRequest,
): Promise<{ readonly inventory: Inventory; readonly taken: TakeResult }> {
  const folder = folderIn(plane, request.folder);
  refuseToken(request.token, { take: request.take.join(","), as: request.as.join(",") });
  const inventory = await takeInventory(effects, request.folder, plane);
  const rowOf = (id: string): Row | undefined =>
    findRow(effects.fs, `${plane.root}/${registryPath("packages_registry")}`, "packages_registry", [id])?.row;
  const installed = new Set(readInstalled(effects.fs, plane.root).map(({ receipt }) => receipt.package_id));
  const entries = chooseEntries(inventory, folder, request, rowOf, installed);
  const ids = entries.map(({ package_id }) => package_id);
  const tiers: PackageTier[] = ids.map(tierOfId);
  const { user } = await authorise(effects, plane, request.token, {
    action: "install",
    package_ids: ids,
    tiers,
  });
  refuseAll(objections(inventory, folder, entries, request.accept));
  const nothing = { dry_run: request.dry_run, transaction_id: null, generation: null };
  if (entries.length === 0) return { inventory, taken: { packages: [], ...nothing } };
  if (request.dry_run) {
    const packages = entries.map((one) => ({ ...about(inventory, one, request), archive_hash: null }));
    return { inventory, taken: { packages, ...nothing } };
  }
  const subject = ids.join(" ").slice(0, 256);
  const session_about = { operation: "adopt", subject, user };
  let taken: readonly TakenPackage[] = [];
  const committed = await changeSession<Prepared>(
    effects,
    plane,
    { about: session_about, wait_ms: request.wait_ms, onPhase: request.onPhase ?? (() => undefined) },
    async (workspace) => {
      workspace.enter("verify");
      const prepared = await prepare(effects, plane, workspace, { request, inventory, entries, folder });
      workspace.enter("dependency-prepare");
      await planAdoption(effects, plane, prepared.chosen, request.runtime);
      taken = prepared.taken;
      return prepared;
    },
    async (session, workspace, { chosen }) => {
      const plan = await planAdoption(effects, plane, chosen, request.runtime);
      workspace.enter("activate");
      return applyChange(
        effects,
        session,
        workspace.transaction,
        workspace.staging,
        { ...plan, leaving: [] },
        {
          about: session_about,
          work_order_id: null,
          check: undefined,
          notes: taken.map((one) => adoptedEntry(one, folder, user)),
        },
      );
    },
  );
  const { transaction_id = null, generation = null } = committed ?? {};
  return { inventory, taken: { packages: taken, dry_run: false, transaction_id, generation } };
}

/** Plane-relative. @throws ADOPT_OUTSIDE_PLANE */
function folderIn(plane: Plane, folder: string): string {
  if (folder.startsWith(`${plane.root}/`)) return folder.slice(plane.root.length + 1);
  const parent = folder.slice(0, folder.lastIndexOf("/")) || "/";
  throw make("ADOPT_OUTSIDE_PLANE", `${folder} does not lie in the plane ${plane.root}`, { folder, parent });
}

function about(
  { findings }: Inventory,
  { entry, package_id }: ChosenEntry,
  { accept }: Pick<Choice, "accept">,
): Omit<TakenPackage, "archive_hash"> {
  const own = new Set(findingsOf(findings, entry).map(({ code }) => code));
  return {
    package_id,
    name: entry.name,
    version: manifestVersion(entry),
    files: entry.files.length,
    size_bytes: entry.size_bytes,
    accepted: accept.filter((code) => own.has(code as never)).sort(),
  };
}

/** An archive of each package in the transaction's folder, read back and held against its manifest like any other. */
async function prepare(
  effects: Effects,
  plane: Plane,
  workspace: Workspace,
  work: {
    readonly request: TakeRequest;
    readonly inventory: Inventory;
    readonly entries: readonly ChosenEntry[];
    readonly folder: string;
  },
): Promise<Prepared> {
  const { request, inventory, entries, folder } = work;
  workspace.transaction.makeScratch("adopted");
  const chosen: Chosen[] = [];
  const taken: TakenPackage[] = [];
  for (const [number, one] of entries.entries()) {
    effects.signal.throwIfAborted();
    const archiveNow = (): string => `${workspace.transaction.site.directory}/adopted/${number}`;
    const files = await digested(effects, plane, folder, one);
    const manifest = manifestOf(one, folder, files);
    const packed = await packTree(effects, manifest, files, archiveNow(), request.deflate_worker_url);
    const wanted = { archive: archiveNow(), id: one.package_id, digest: packed.digest };
    const read = await readCandidate(effects, plane, wanted);
    const candidate: Candidate = {
      ...read,
      artifact_path: one.artifact_path,
      // The transaction's folder moves when the plane is entered.
      get path() {
        return archiveNow();
      },
    };
    chosen.push({ candidate, wanted, requested: true });
    taken.push({ ...about(inventory, one, request), archive_hash: `sha256:${packed.digest}` });
  }
  // What was accepted is what was shown: bytes that changed since would have come in unjudged.
  const again = await takeInventory(effects, request.folder, plane);
  if (JSON.stringify(again) !== JSON.stringify(inventory))
    throw make("ADOPT_CHANGED", `${folder} changed while it was taken`, { path: folder });
  return { chosen, taken };
}

async function digested(
  { workers }: Effects,
  plane: Plane,
  folder: string,
  { entry }: ChosenEntry,
): Promise<TreeFile[]> {
  const paths = entry.files.map((path) => `${folder}/${path}`);
  const digests = await workers.digestFiles(paths.map((path) => `${plane.root}/${path}`));
  return paths.map((path, index) => {
    const digest = digests[index];
    if (digest === undefined) throw make("ADOPT_CHANGED", `${path} went away while it was taken`, { path });
    return { path, file: `${plane.root}/${path}`, digest };
  });
}

/** Everything an install checks, and that nothing would be written where the files lie. */
async function planAdoption(
  effects: Effects,
  plane: Plane,
  chosen: readonly Chosen[],
  runtime: Runtime,
): Promise<InstallPlan> {
  const options = {
    mode: "install",
    tiers: ["ho3"],
    runtime,
    accept_drift: false,
    allow_downgrade: false,
  } as const;
  const plan = await planInstall(effects, plane, chosen, options);
  refuseAll(plan.problems);
  for (const { placements } of plan.entering) {
    const other = placements.find(({ action }) => action !== "adopt" && action !== "keep");
    if (other !== undefined)
      throw make("ADOPT_CHANGED", `${other.path} changed while it was taken`, { path: other.path });
  }
  return plan;
}

function adoptedEntry(one: TakenPackage, folder: string, user: string): LedgerNote {
  const { package_id, name, version, files, size_bytes, accepted, archive_hash } = one;
  return {
    stream: GOVERNANCE_STREAM,
    event_type: "ADOPTED",
    submission_id: package_id,
    decision: "ADOPTED",
    reason: `${package_id} ${version} adopted as it lies in ${folder}`.slice(0, 4000),
    metadata: {
      user,
      name,
      version,
      folder,
      files,
      size_bytes,
      accepted_findings: [...accepted],
      archive_digest: archive_hash ?? "",
    },
  };
}
