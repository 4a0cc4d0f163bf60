/** Is everything still what was approved? Every governed path gets one verdict, in both directions (G6). */
import type { IntegrityReport, RegistryName, Row } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import type { IndexEffects } from "../index-db/index.ts";
import { PACKAGES_STREAM, type Plane, planeStream, readGeneration } from "../plane/index.ts";
import type { InstalledHead } from "../receipts/index.ts";
import { judgeArchives, startArchives } from "./archives.ts";
import { judgeArtifacts } from "./artifacts.ts";
import { judgeCaches } from "./bytecode.ts";
import { addCauses } from "./causes.ts";
import { judgeChain } from "./chain.ts";
import { judgeConfig } from "./config-edits.ts";
import { judgeIndex } from "./derived-index.ts";
import { addDiffs } from "./drift-diff.ts";
import { judgeEnvironments } from "./environments.ts";
import { ExpectedPaths } from "./expected.ts";
import { FileReader } from "./file-reader.ts";
import { Ledgers, type LedgerThreads } from "./ledgers.ts";
import { leftBeside } from "./left-beside.ts";
import { judgeOwnFolders } from "./modes.ts";
import { Outcome } from "./outcome.ts";
import { OwnedFiles } from "./owned-files.ts";
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
  readonly ledger_threads?: LedgerThreads;
  /** Also show what changed in configuration and state. */
  readonly shows_private?: boolean;
  /** Told when something that the report rests on ends by itself; infinite where nothing does. */
  readonly onExpiry?: (expires_ms: number) => void;
  /** Hold the index against the files as well. With effects of its own: what is derived is nothing a verdict depends on. */
  readonly index?: IndexEffects | undefined;
}

/** Reads only. Never throws for anything found in the plane; that is what the report is for. */
export async function checkIntegrity(
  effects: Effects,
  plane: Plane,
  options: IntegrityOptions,
  reader: FileReader = new FileReader(effects),
  ledgers: Pick<LedgerMemory, "start" | "judge"> = new Ledgers(options.ledger_threads),
): Promise<IntegrityReport> {
  const { fs, clock, signal } = effects;
  const { root, config } = plane;
  const outcome = new Outcome(options.orphans);
  ledgers.start(fs, plane);
  const expected = new ExpectedPaths(options.launchers ?? new Map());
  const owned = new OwnedFiles(effects, reader, root, expected);
  const installed = readReceipts(fs, root, outcome, (one) => {
    expected.add(one, outcome);
    owned.read({ is_all: false });
  });
  owned.read({ is_all: true });
  const packages = rowsOf(fs, root, "packages_registry") ?? [];
  const archives_under_way = startArchives({ fs, reader }, plane, packages, installed);

  const is_as_written = judgeOwnership(fs, root, expected, outcome);
  const sound = new Set<RegistryName>(is_as_written && expected.size > 0 ? ["file_ownership"] : []);
  const registries = judgeRegistries(fs, root, sound, outcome);
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
  const archives = await judgeArchives(fs, plane, archives_under_way, outcome);
  const archiveOf = ({ receipt }: InstalledHead): string | undefined =>
    archives.storedAt(receipt.package_id, receipt.version);
  judgeSignatures(effects, plane, installed, { rows: packages, archiveOf }, outcome);
  signal.throwIfAborted();

  const isInArtifact = await judgeGovernance({ fs, reader }, root, packages, installed, outcome);
  signal.throwIfAborted();

  await judgeEnvironments({ fs, reader }, root, installed, outcome);
  judgeOwnFolders(fs, root, outcome);
  const owners = {
    isOwned: (path: string): boolean => expected.has(path),
    isInArtifact,
    leftBy: (path: string): string | undefined => left.get(path),
  };
  await judgeCaches(effects, root, judgeUnowned(fs, root, config, owners, outcome), outcome);
  await owned.judge(outcome, archives.isStored);
  const ledger = await ledgers.judge(fs, plane, installed, outcome);
  if (options.index !== undefined) judgeIndex(options.index, root, installed, ledger, outcome);
  sayWhenNothing(outcome);
  judgeRecords(fs, root, { registries, ledger, installed, archives: archives.known }, outcome);
  const now = new Date(clock.now_ms()).toISOString();
  applyWaivers(fs, root, { today: now.slice(0, 10), counts: waivers_count }, outcome);
  await addDiffs(effects, root, { expected, shows_private: options.shows_private === true }, outcome.paths);
  addCauses(fs, plane, events.touched, [...outcome.paths, ...outcome.records]);
  options.onExpiry?.(outcome.expires_ms);
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

/** Artifacts, and the chain from packages and artifacts to frameworks. @returns whether a path lies in a sound artifact */
async function judgeGovernance(
  needs: { readonly fs: Effects["fs"]; readonly reader: FileReader },
  root: string,
  packages: readonly Row[],
  installed: readonly InstalledHead[],
  outcome: Outcome,
): Promise<(path: string) => boolean> {
  const { fs } = needs;
  const artifacts = rowsOf(fs, root, "control_plane_registry") ?? [];
  const isInArtifact = await judgeArtifacts(needs, root, artifacts, outcome);
  const specs = rowsOf(fs, root, "specs_registry");
  const frameworks = rowsOf(fs, root, "frameworks_registry");
  judgeChain(fs, root, { packages, artifacts, specs, frameworks }, installed, outcome);
  return isInArtifact;
}

function sayWhenNothing(outcome: Outcome): void {
  if (outcome.counts.match > 0) return;
  const step = `Install something with "pkg install --id PKG-T1-NAME-001", then run "integrity-check".`;
  const message = "no file of this plane was verified, and a check that saw nothing fails";
  outcome.find("NOTHING_VERIFIED", message, step);
}
