/**
 * A Python control plane comes in whole into a new plane: registries byte for byte, archives with their digests pinned,
 * installed packages adopted where their bytes are what was recorded, ledgers sealed. The source is only read; until the
 * last rename there is no plane.
 */

import type { Effects } from "../../effects/index.ts";
import { assert, type Json, prettyJson, sha256Hex } from "../../kernel/index.ts";
import { keysDirectory } from "../../keys/index.ts";
import { settleOwed, verifySealed, verifyStream } from "../../ledger/index.ts";
import {
  absolute,
  GOVERNANCE_STREAM,
  openPlane,
  PLANE_STREAMS,
  type Plane,
  planeStream,
  REGISTRY_FILES,
} from "../../plane/index.ts";
import { applyChange } from "../apply-change.ts";
import { changeSession } from "../change-session.ts";
import { type InitRequest, type InitResult, initPlane, nextSteps } from "../init.ts";
import type { LedgerNote } from "../transact.ts";
import { type EnteringPackage, type EnterOptions, enterPackages } from "./enter-packages.ts";
import { type ImportReport, reportOf } from "./import-report.ts";
import { sealLedgers } from "./seal-ledgers.ts";
import { discard, parentOf, refuseTarget, settle } from "./settle-plane.ts";
import { stageRegistries } from "./stage-registries.ts";
import { stageSource, sumsOf, writeNew } from "./stage-source.ts";
import { openStaging, parentFolder, sweepStagings } from "./staging-folder.ts";
import { type Survey, surveyPlane } from "./survey.ts";

export interface ImportRequest extends InitRequest, EnterOptions {
  /** Folder of the plane to import, as the user named it. */
  readonly source: string;
}

export interface ImportResult extends InitResult {
  readonly imported: ImportReport;
}

const USER = "admin";

/** @throws ADOPT_FOLDER_MISSING, IMPORT_*, REGISTRY_*, ARCHIVE_*, AUTH_*, TRANSACTION_FAILED, INTERRUPTED */
export async function importPlane(effects: Effects, request: ImportRequest): Promise<ImportResult> {
  const { fs, host } = effects;
  const launchers = new Map([...request.templates].filter(([path]) => path.startsWith("scripts/")));
  const survey = await surveyPlane(effects, request.source, new Set(launchers.keys()));
  const target = absolute(host.cwd, request.directory);
  refuseTarget(effects, target, survey.source);
  const registries = await registryDigests(effects, survey);
  const name = request.name ?? (target.slice(target.lastIndexOf("/") + 1) || "plane");
  if (request.dry_run) {
    const planned = await initPlane(effects, { ...request, name, templates: launchers, imported: new Map() });
    return { ...planned, root: target, imported: reportOf(survey, registries, {}, undefined) };
  }
  const parent = parentFolder(effects, target);
  await sweepStagings(effects, parent);
  const folder = await openStaging(effects, parent, target);
  const staging = folder.plane;
  let keys_directory: string | undefined;
  try {
    const digests = await stageSource(effects, survey, staging);
    const changed = stageRegistries(effects, survey, staging, launchers);
    const imported = sealLedgers(effects, survey, staging);
    const made = await initPlane(
      effects,
      { ...request, directory: staging, name, templates: launchers, imported },
      (plane_uid) => {
        keys_directory = keysDirectory(host, plane_uid);
        folder.noteKeys(plane_uid);
      },
    );
    const plane = openPlane(effects, staging);
    const entered = await enterPackages(effects, plane, survey, request);
    const report = reportOf(survey, registries, changed, entered);
    await enter(effects, plane, entered, [writeReport(effects, plane, survey, digests, report)]);
    requireSound(effects, plane);
    // Where they lie now; afterwards nothing is left here to sign.
    await settleOwed(effects);
    folder.forgetKeys();
    settle(effects, staging, target);
    keys_directory = undefined;
    const token_file = made.token_file ?? "";
    return {
      ...made,
      root: fs.realPath(target),
      next_steps: nextSteps(request.directory, token_file).filter((step) => !step.startsWith("pkg ")),
      imported: report,
    };
  } catch (error) {
    if (keys_directory !== undefined) discard(effects, keys_directory);
    throw error;
  } finally {
    folder.close();
  }
}

async function registryDigests({ workers }: Effects, { source }: Survey) {
  const digests = await workers.digestFiles(REGISTRY_FILES.map((path) => `${source}/${path}`));
  return new Map(REGISTRY_FILES.map((path, index) => [path, digests[index]]));
}

function makeFolders({ fs }: Pick<Effects, "fs">, path: string): void {
  if (fs.stat(path) !== undefined) return;
  makeFolders({ fs }, parentOf(path));
  fs.makeDirectory(path);
}

/** The report and the digests of all originals kept aside; the ledger binds both. */
function writeReport(
  { fs }: Effects,
  plane: Plane,
  { legacy }: Survey,
  digests: ReadonlyMap<string, string>,
  report: ImportReport,
): LedgerNote {
  const bytes = Buffer.from(prettyJson(report as unknown as Json));
  const sums = Buffer.from(sumsOf(digests, legacy));
  makeFolders({ fs }, `${plane.root}/${legacy}`);
  writeNew(fs, `${plane.root}/${legacy}/import-report.json`, bytes);
  writeNew(fs, `${plane.root}/${legacy}/SHA256SUMS`, sums);
  const { files, packages, archives, findings, registries } = report;
  return {
    stream: GOVERNANCE_STREAM,
    event_type: "IMPORTED",
    submission_id: "IMPORT",
    decision: "IMPORTED",
    reason: `${packages.length} package(s), ${archives.length} archive(s) and ${files.carried} file(s) came in`,
    metadata: {
      user: USER,
      files_carried: files.carried,
      files_left: files.left,
      size_bytes: files.size_bytes,
      packages: packages.length,
      archives: archives.length,
      findings: findings.length,
      registries: Object.fromEntries(registries.map(({ path, sha256 }) => [path, sha256 ?? ""])),
      report: `${legacy}/import-report.json`,
      report_sha256: sha256Hex(bytes),
      originals_sha256: sha256Hex(sums),
    },
  };
}

async function enter(
  effects: Effects,
  plane: Plane,
  entered: readonly EnteringPackage[],
  notes: readonly LedgerNote[],
): Promise<void> {
  const about = { operation: "import", subject: "IMPORT", user: USER };
  await changeSession(
    effects,
    plane,
    { about, onPhase: () => undefined },
    async () => ({}),
    (session, { transaction, staging }) =>
      applyChange(
        effects,
        session,
        transaction,
        staging,
        { entering: entered.map(({ entering }) => entering), leaving: [] },
        { about, work_order_id: null, check: undefined, notes },
      ),
  );
}

/** A plane that does not verify would be our mistake, and must not take its place. */
function requireSound({ fs }: Effects, plane: Plane): void {
  for (const name of PLANE_STREAMS) {
    const stream = planeStream(plane, name);
    assert(verifyStream(fs, stream).valid, `the new stream ${name} does not verify`);
    assert(verifySealed(fs, stream).length === 0, `the sealed part of ${name} does not verify`);
  }
}
