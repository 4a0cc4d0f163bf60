/** Is everything still what was approved? Changes nothing; every governed path gets one verdict, in both directions (G6). */
import type { IntegrityReport } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { PACKAGES_STREAM, type Plane, planeStream, readGeneration } from "../plane/index.ts";
import { judgeArchives } from "./archives.ts";
import { judgeArtifacts } from "./artifacts.ts";
import { judgeCaches } from "./bytecode.ts";
import { judgeChain } from "./chain.ts";
import { expectedPaths } from "./expected.ts";
import { judgeLedgers } from "./ledgers.ts";
import { leftBeside } from "./left-beside.ts";
import { Outcome } from "./outcome.ts";
import { startOwned } from "./owned-files.ts";
import { judgeOwnership } from "./ownership.ts";
import { judgeState, judgeVouching } from "./package-state.ts";
import { readReceipts } from "./receipts.ts";
import { judgeRegistries } from "./registries.ts";
import { reportOf } from "./report.ts";
import { rowsOf } from "./tables.ts";
import { judgeUnowned } from "./unowned.ts";

export interface IntegrityOptions {
  /** Also list the files of source trees and caches, which are otherwise only counted. */
  readonly orphans: boolean;
  /** Files that belong to the plane itself: plane-relative path to 64 hex digits. */
  readonly launchers?: ReadonlyMap<string, string>;
}

/** Reads only. Never throws for anything found in the plane; that is what the report is for. */
export async function checkIntegrity(
  effects: Effects,
  plane: Plane,
  options: IntegrityOptions,
): Promise<IntegrityReport> {
  const { fs, clock, signal } = effects;
  const { root, config } = plane;
  const outcome = new Outcome(options.orphans);
  const installed = readReceipts(fs, root, outcome);
  const expected = expectedPaths(installed, options.launchers ?? new Map(), outcome);
  const owned = startOwned(effects, root, [...expected.values()]);

  const registries = judgeRegistries(fs, root, outcome);
  const ledger = judgeLedgers(fs, plane, outcome);
  judgeOwnership(fs, root, expected, outcome);
  judgeState(fs, root, installed, outcome);
  judgeVouching(fs, planeStream(plane, PACKAGES_STREAM), installed, outcome);
  await owned.judge(outcome);
  signal.throwIfAborted();

  const packages = rowsOf(fs, root, "packages_registry");
  if (packages !== undefined) await judgeArchives(effects, root, packages, installed, outcome);
  const artifacts = rowsOf(fs, root, "control_plane_registry") ?? [];
  const isInArtifact = await judgeArtifacts(effects, root, artifacts, outcome);
  const specs = rowsOf(fs, root, "specs_registry");
  const frameworks = rowsOf(fs, root, "frameworks_registry");
  judgeChain(fs, root, { packages: packages ?? [], artifacts, specs, frameworks }, installed, outcome);
  signal.throwIfAborted();

  const isOwned = (path: string): boolean => expected.has(path);
  const left = leftBeside(fs, root, installed);
  const leftBy = (path: string): string | undefined => left.get(path);
  const bytecode = judgeUnowned(fs, root, config, { isOwned, isInArtifact, leftBy }, outcome);
  await judgeCaches(effects, root, bytecode, outcome);
  if (outcome.counts.match === 0) {
    const step = `Install something with "pkg install --id PKG-T1-NAME-001", then run "integrity-check".`;
    outcome.find(
      "NOTHING_VERIFIED",
      "no file of this plane was verified, and a check that saw nothing fails",
      step,
    );
  }
  return reportOf(outcome, {
    timestamp: new Date(clock.now_ms()).toISOString(),
    plane: config.name,
    generation: readGeneration(fs, root)?.generation ?? null,
    receipts_count: installed.length,
    ledger,
    registries,
  });
}
