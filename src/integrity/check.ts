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
import type { ReadReceipt } from "./file-columns.ts";
import { FileReader } from "./file-reader.ts";
import type { CheckParts } from "./keep-check.ts";
import { Ledgers, type LedgerThreads } from "./ledgers.ts";
import { leftBeside } from "./left-beside.ts";
import { judgeOwnFolders } from "./modes.ts";
import { Outcome } from "./outcome.ts";
import { OwnedFiles } from "./owned-files.ts";
import { judgeOwnership } from "./ownership.ts";
import { packageKey, readPackageEvents, wholeLinesEnd } from "./package-events.ts";
import { judgeState, judgeVouching } from "./package-state.ts";
import { judgePlugins } from "./plugins.ts";
import type { FolderWalk, Recall } from "./recall.ts";
import { readReceipts } from "./receipts.ts";
import { judgeRecords } from "./records.ts";
import { judgeRegistries, startRegistries } from "./registries.ts";
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

/** What a check that is remembered brings along. */
export interface Remembering {
  readonly reader: FileReader;
  readonly ledgers: Pick<LedgerMemory, "start" | "judge" | "recallEvents">;
  /** For codes of what is kept. */
  readonly key: Buffer;
  /** What is as it was; undefined where everything is judged. */
  readonly recall: Recall | undefined;
  /** Told what to keep. */
  readonly onParts: (parts: CheckParts) => void;
}

/**
 * Reads only. Never throws for anything found in the plane; that is what the report is for.
 * @throws NotRecallable only with something to recall: then everything is to be judged
 */
export async function checkIntegrity(
  effects: Effects,
  plane: Plane,
  options: IntegrityOptions,
  remembering?: Remembering,
): Promise<IntegrityReport> {
  const { reader, ledgers, recall } = remembering ?? {
    reader: new FileReader(effects),
    ledgers: new Ledgers(options.ledger_threads),
    recall: undefined,
  };
  const { fs, clock, signal } = effects;
  const { root, config } = plane;
  const outcome = new Outcome(options.orphans);
  ledgers.start(fs, plane);
  const expected = new ExpectedPaths(options.launchers ?? new Map());
  const owned = new OwnedFiles(effects, reader, root, expected);
  const onReceipt = (one: ReadReceipt): void => {
    expected.add(one, outcome);
    owned.read({ is_all: false });
  };
  const installed = readReceipts(fs, root, outcome, onReceipt, recall);
  recall?.settle(expected, owned.isPlainFolder);
  owned.read({ is_all: true });
  const registries_under_way = startRegistries({ fs, reader }, root);
  const packages = recall?.packages() ?? rowsOf(fs, root, "packages_registry") ?? [];
  const archives_under_way = startArchives({ fs, reader }, plane, packages, installed);

  const keeping = remembering && { random: effects.random, ...remembering };
  const ownership = judgeOwnership(fs, root, expected, outcome, keeping);
  const has_paths = expected.size + (recall?.count ?? 0) > 0;
  const sound = new Set<RegistryName>(ownership.is_as_written && has_paths ? ["file_ownership"] : []);
  const readings = await registries_under_way.finish();
  const judged_registries = judgeRegistries(
    fs,
    root,
    { readings, sound, known: recall?.registryFindings(), packages },
    outcome,
  );
  const registries = judged_registries.states;
  const waivers_count = judgeConfig(fs, plane, outcome);
  judgeState(fs, root, installed, outcome);
  judgePlugins(effects, plane, installed, outcome);
  const left = await leftBeside({ fs, reader }, plane, installed);
  const stream = planeStream(plane, PACKAGES_STREAM);
  const events_end = wholeLinesEnd(fs, stream);
  const events = readPackageEvents(
    fs,
    stream,
    new Set(installed.map(({ receipt }) => packageKey(receipt.package_id, receipt.plane_id))),
    remembering?.ledgers.recallEvents(stream),
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
    isOwned: (path: string): boolean => expected.has(path) || recall?.has(path) === true,
    isInArtifact: isInArtifact ?? (() => false),
    leftBy: (path: string): string | undefined => left.get(path),
  };
  // An artifact may hold any source, and what is listed is looked at.
  const walks = {
    recall: isInArtifact === undefined && !options.orphans ? recall : undefined,
    folders: new Map<string, FolderWalk | undefined>(),
  };
  await judgeCaches(effects, root, judgeUnowned(fs, root, config, owners, outcome, walks), outcome);
  await owned.judge(outcome, archives.isStored);
  recall?.contribute(outcome);
  const ledger = await ledgers.judge(fs, plane, installed, outcome);
  if (options.index !== undefined) judgeIndex(options.index, root, installed, ledger, outcome);
  sayWhenNothing(outcome);
  judgeRecords(fs, root, { registries, ledger, installed, archives: archives.known }, outcome);
  const now = new Date(clock.now_ms()).toISOString();
  applyWaivers(fs, root, { today: now.slice(0, 10), counts: waivers_count }, outcome);
  remembering?.onParts({
    outcome,
    expected,
    installed,
    judged: owned.judged,
    leaves: outcome.leaves.hashed(),
    walks: isInArtifact === undefined && !options.orphans ? walks.folders : new Map(),
    ownership: ownership.memo,
    packages,
    registry_findings: judged_registries.findings,
    events: { size_bytes: events_end, vouched: [...events.vouched], touched: [...events.touched] },
  });
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

/** Artifacts, and the chain from packages and artifacts to frameworks. @returns see `judgeArtifacts` */
async function judgeGovernance(
  needs: { readonly fs: Effects["fs"]; readonly reader: FileReader },
  root: string,
  packages: readonly Row[],
  installed: readonly InstalledHead[],
  outcome: Outcome,
): Promise<((path: string) => boolean) | undefined> {
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
