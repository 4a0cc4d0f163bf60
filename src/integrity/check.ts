/** Is everything still what was approved? Every governed path gets one verdict, in both directions (G6). */
import type { IntegrityReport, RegistryName } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import type { IndexEffects } from "../index-db/index.ts";
import type { VerifyThreads } from "../ledger/index.ts";
import { PACKAGES_STREAM, type Plane, planeStream, readGeneration } from "../plane/index.ts";
import type { Installed } from "../receipts/index.ts";
import { judgeArchives } from "./archives.ts";
import { judgeArtifacts } from "./artifacts.ts";
import { judgeCaches } from "./bytecode.ts";
import { addCauses } from "./causes.ts";
import { judgeChain } from "./chain.ts";
import { judgeConfig } from "./config-edits.ts";
import { judgeIndex } from "./derived-index.ts";
import { addDiffs } from "./drift-diff.ts";
import { expectedPaths } from "./expected.ts";
import { FileReader } from "./file-reader.ts";
import { judgeLedgers } from "./ledgers.ts";
import { leftBeside } from "./left-beside.ts";
import { judgeOwnFolders } from "./modes.ts";
import { Outcome } from "./outcome.ts";
import { startOwned } from "./owned-files.ts";
import { judgeOwnership } from "./ownership.ts";
import { packageKey, readPackageEvents } from "./package-events.ts";
import { judgeState, judgeVouching } from "./package-state.ts";
import { judgePlugins } from "./plugins.ts";
import { readReceipts } from "./receipts.ts";
import { judgeRecords } from "./records.ts";
import { judgeRegistries } from "./registries.ts";
import type { LedgerMemory } from "./remembered-ledgers.ts";
import { reportOf } from "./report.ts";
import { judgeSignatures } from "./signatures.ts";
import { rowsOf } from "./tables.ts";
import { judgeUnowned } from "./unowned.ts";
import { applyWaivers } from "./waivers.ts";

export interface IntegrityOptions {
  /** Also list the files of source trees and caches, which are otherwise only counted. */
  readonly orphans: boolean;
  /** Files that belong to the plane itself: plane-relative path to 64 hex digits. */
  readonly launchers?: ReadonlyMap<string, string>;
  /** Where long ledgers may be verified on other threads. */
  readonly ledger_threads?: VerifyThreads;
  /** Also show what changed in configuration and state. */
  readonly shows_private?: boolean;
  /** Hold the index against the files as well. With effects of its own: what is derived is nothing a verdict depends on. */
  readonly index?: IndexEffects | undefined;
}

/** Reads only. Never throws for anything found in the plane; that is what the report is for. */
export async function checkIntegrity(
  effects: Effects,
  plane: Plane,
  options: IntegrityOptions,
  reader: FileReader = new FileReader(effects),
  ledgers: Pick<LedgerMemory, "judge"> = { judge: judgeLedgers },
): Promise<IntegrityReport> {
  const { fs, clock, signal } = effects;
  const { root, config } = plane;
  const outcome = new Outcome(options.orphans);
  const installed = readReceipts(fs, root, outcome);
  const expected = expectedPaths(installed, options.launchers ?? new Map(), outcome);
  const owned = startOwned(effects, reader, root, [...expected.values()]);

  const is_as_written = judgeOwnership(fs, root, expected, outcome);
  const sound = new Set<RegistryName>(is_as_written && expected.size > 0 ? ["file_ownership"] : []);
  const registries = judgeRegistries(fs, root, sound, outcome);
  const ledger = await ledgers.judge(fs, plane, { threads: options.ledger_threads, installed }, outcome);
  const waivers_count = judgeConfig(fs, plane, outcome);
  judgeState(fs, root, installed, outcome);
  judgePlugins(effects, plane, installed, outcome);
  const left = await leftBeside({ fs, reader }, plane, installed);
  const events = readPackageEvents(
    fs,
    planeStream(plane, PACKAGES_STREAM),
    new Set(installed.map(({ receipt }) => packageKey(receipt.package_id, receipt.plane_id))),
  );
  judgeVouching(PACKAGES_STREAM, installed, events, outcome);
  const packages = rowsOf(fs, root, "packages_registry");
  const archives = await judgeArchives({ fs, reader }, plane, packages ?? [], installed, outcome);
  const archiveOf = ({ receipt }: Installed): string | undefined =>
    archives.storedAt(receipt.package_id, receipt.version);
  judgeSignatures(effects, plane, installed, { rows: packages ?? [], archiveOf }, outcome);
  await owned.judge(outcome, archives.isStored);
  signal.throwIfAborted();

  const artifacts = rowsOf(fs, root, "control_plane_registry") ?? [];
  const isInArtifact = await judgeArtifacts({ fs, reader }, root, artifacts, outcome);
  const specs = rowsOf(fs, root, "specs_registry");
  const frameworks = rowsOf(fs, root, "frameworks_registry");
  judgeChain(fs, root, { packages: packages ?? [], artifacts, specs, frameworks }, installed, outcome);
  signal.throwIfAborted();

  if (options.index !== undefined) judgeIndex(options.index, root, installed, ledger, outcome);
  judgeOwnFolders(fs, root, outcome);
  const owners = {
    isOwned: (path: string): boolean => expected.has(path),
    isInArtifact,
    leftBy: (path: string): string | undefined => left.get(path),
  };
  const bytecode = judgeUnowned(fs, root, config, owners, outcome);
  await judgeCaches(effects, root, bytecode, outcome);
  sayWhenNothing(outcome);
  judgeRecords(fs, root, { registries, ledger, installed, archives: archives.known }, outcome);
  const now = new Date(clock.now_ms()).toISOString();
  applyWaivers(fs, root, { today: now.slice(0, 10), counts: waivers_count }, outcome);
  await addDiffs(effects, root, { expected, shows_private: options.shows_private === true }, outcome.paths);
  addCauses(fs, plane, events.touched, [...outcome.paths, ...outcome.records]);
  return reportOf(outcome, {
    timestamp: now,
    plane: config.name,
    generation: readGeneration(fs, root)?.generation ?? null,
    mode: "full",
    hashed_count: reader.hashed_count,
    trusted_count: reader.trusted_count,
    receipts_count: installed.length,
    ledger,
    registries,
  });
}

function sayWhenNothing(outcome: Outcome): void {
  if (outcome.counts.match > 0) return;
  const step = `Install something with "pkg install --id PKG-T1-NAME-001", then run "integrity-check".`;
  const message = "no file of this plane was verified, and a check that saw nothing fails";
  outcome.find("NOTHING_VERIFIED", message, step);
}
