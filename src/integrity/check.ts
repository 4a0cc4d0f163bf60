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
import type { CheckParts } from "./check-parts.ts";
import { judgeConfig } from "./config-edits.ts";
import { judgeIndex, judgeIndexedStreams } from "./derived-index.ts";
import { addDiffs } from "./drift-diff.ts";
import { judgeEnvironments } from "./environments.ts";
import { ExpectedPaths } from "./expected.ts";
import type { ReadReceipt } from "./file-columns.ts";
import { FileReader } from "./file-reader.ts";
import { judgeGeneration } from "./generation-record.ts";
import { Ledgers, type LedgerThreads } from "./ledgers.ts";
import { leftBeside } from "./left-beside.ts";
import { judgeLostReceipts } from "./lost-receipts.ts";
import { judgeOwnFolders } from "./modes.ts";
import { Outcome } from "./outcome.ts";
import { OwnedFiles } from "./owned-files.ts";
import { judgeOwnership } from "./ownership.ts";
import { readPackageEvents } from "./package-events.ts";
import { judgeState, judgeVouching } from "./package-state.ts";
import { judgePlugins } from "./plugins.ts";
import type { Recall } from "./recall.ts";
import { readReceipts } from "./receipts.ts";
import { judgeRecords } from "./records.ts";
import { judgeRegistries, startRegistries } from "./registries.ts";
import type { LedgerMemory } from "./remembered-ledgers.ts";
import { reportOf } from "./report.ts";
import { judgeSignatures } from "./signatures.ts";
import { rowsOf } from "./tables.ts";
import { judgeUnowned, type Walks } from "./unowned.ts";
import { applyWaivers } from "./waivers.ts";
import { wholeLinesEnd } from "./whole-lines.ts";

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
  /** Whether the parts will be asked for what was read. */
  readonly keeps: boolean;
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
  const { fs, clock } = effects;
  const { root, config } = plane;
  const reader = remembering?.reader ?? new FileReader(effects);
  const ledgers = remembering?.ledgers ?? new Ledgers(options.ledger_threads);
  const outcome = new Outcome(options.orphans);
  const checking = { effects, plane, options, outcome, reader, remembering };
  ledgers.start(fs, plane);
  const gathered = gather(checking);
  const { expected, owned, installed, packages } = gathered;
  const records = await judgePackages(checking, gathered);
  const { archives, events, registries } = records;
  const walks = await judgeFolders(checking, gathered, records);
  const { index } = options;
  if (index !== undefined) judgeIndex(index, root, installed, outcome);
  // While the ledgers may still be verified.
  const leaves = outcome.leaves.hashed();
  const ledger = await ledgers.judge(fs, plane, installed, outcome);
  if (index !== undefined) judgeIndexedStreams(index, root, ledger, outcome);
  sayWhenNothing(outcome);
  const states = { registries: registries.states, ledger };
  judgeRecords(fs, root, { ...states, installed, archives: archives.known }, outcome);
  const now = new Date(clock.now_ms()).toISOString();
  applyWaivers(fs, root, { today: now.slice(0, 10), counts: records.waivers_count }, outcome);
  remembering?.onParts({
    outcome,
    expected,
    installed,
    judged: owned.judged,
    leaves,
    walks,
    ownership: records.ownership.memo,
    packages,
    registry_findings: registries.findings,
    events: { size_bytes: records.events_end, vouched: [...events.vouched], touched: [...events.touched] },
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
    ...states,
  });
}

interface Checking {
  readonly effects: Effects;
  readonly plane: Plane;
  readonly options: IntegrityOptions;
  readonly outcome: Outcome;
  readonly reader: FileReader;
  readonly remembering: Remembering | undefined;
}

/** What is installed and what should lie where; files, registries and archives are read on other threads from here on. */
function gather({ effects, plane, options, outcome, reader, remembering }: Checking) {
  const { fs } = effects;
  const { root } = plane;
  const recall = remembering?.recall;
  const expected = new ExpectedPaths(options.launchers ?? new Map());
  // First of all: other threads have nothing else to do until the first receipts are read.
  const registries_under_way = startRegistries({ fs, reader }, root);
  const owned = new OwnedFiles(effects, { reader, keeps: remembering?.keeps === true }, root, expected);
  const onReceipt = (one: ReadReceipt): void => {
    expected.add(one, outcome);
    owned.read({ is_all: false });
  };
  const installed = readReceipts(fs, root, outcome, onReceipt, recall);
  recall?.settle(expected, owned.isPlainFolder);
  owned.read({ is_all: true });
  const packages = recall?.packages() ?? rowsOf(fs, root, "packages_registry") ?? [];
  const archives_under_way = startArchives({ fs, reader }, plane, packages, installed);
  return { expected, owned, installed, packages, registries_under_way, archives_under_way };
}

type Gathered = ReturnType<typeof gather>;

/** Registries, configuration, state, plugins, who vouches for what, archives and signatures. */
async function judgePackages(checking: Checking, gathered: Gathered) {
  const { effects, plane, outcome, reader, remembering } = checking;
  const { expected, installed, packages, registries_under_way, archives_under_way } = gathered;
  const { fs } = effects;
  const { root } = plane;
  const recall = remembering?.recall;
  const keeping = remembering && { random: effects.random, ...remembering };
  const stream = planeStream(plane, PACKAGES_STREAM);
  const events_end = wholeLinesEnd(fs, stream);
  const events = readPackageEvents(fs, stream, remembering?.ledgers.recallEvents(stream));
  const lost = judgeLostReceipts(fs, { root, stream: PACKAGES_STREAM }, installed, events, outcome);
  const ownership = judgeOwnership(fs, root, { expected, lost }, outcome, keeping);
  const has_paths = expected.size + (recall?.count ?? 0) > 0;
  const sound = new Set<RegistryName>(ownership.is_as_written && has_paths ? ["file_ownership"] : []);
  const readings = await registries_under_way.finish();
  const known = recall?.registryFindings();
  const committed = judgeGeneration(fs, plane, installed.length + events.vouched.size > 0, outcome);
  const registries = judgeRegistries(fs, root, { readings, sound, known, packages, committed }, outcome);
  const waivers_count = judgeConfig(fs, plane, outcome);
  judgeState(fs, root, { installed, lost }, outcome);
  judgePlugins(effects, plane, installed, outcome);
  const left = await leftBeside({ fs, reader }, plane, installed);
  judgeVouching(PACKAGES_STREAM, installed, events, outcome);
  const archives = await judgeArchives(fs, plane, archives_under_way, outcome);
  const archiveOf = ({ receipt }: InstalledHead): string | undefined =>
    archives.storedAt(receipt.package_id, receipt.version);
  judgeSignatures(effects, plane, installed, { rows: packages, archiveOf }, outcome);
  effects.signal.throwIfAborted();
  return { ownership, registries, waivers_count, left, events, events_end, archives };
}

/** Artifacts, environments, and every file in governed folders. @returns what the next walk may pass */
async function judgeFolders(
  { effects, plane, options, outcome, reader, remembering }: Checking,
  { expected, owned, installed, packages }: Gathered,
  { left, archives, ownership }: Awaited<ReturnType<typeof judgePackages>>,
): Promise<Walks["folders"]> {
  const { fs } = effects;
  const { root, config } = plane;
  const recall = remembering?.recall;
  const isInArtifact = await judgeGovernance({ fs, reader }, root, packages, installed, outcome);
  effects.signal.throwIfAborted();
  await judgeEnvironments({ fs, reader }, root, installed, outcome);
  judgeOwnFolders(fs, root, outcome);
  const owners = {
    isOwned: (path: string): boolean => expected.has(path) || recall?.has(path) === true,
    isInArtifact: isInArtifact ?? (() => false),
    leftBy: (path: string): string | undefined => left.get(path),
    lostBy: (path: string) => ownership.lost_paths.get(path),
  };
  // An artifact may hold any source, and what is listed is looked at.
  const is_plain = isInArtifact === undefined && !options.orphans;
  const walks: Walks = { recall: is_plain ? recall : undefined, folders: new Map() };
  await judgeCaches(effects, root, judgeUnowned(fs, root, config, owners, outcome, walks), outcome);
  await owned.judge(outcome, archives.isStored);
  recall?.contribute(outcome);
  return is_plain ? walks.folders : new Map();
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
