/** What state a plane is in: its generation, what can be gone back to, what is under way. Call it inside `reading`. */
import type { PlaneTier } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { installedHeads } from "../index-db/index.ts";
import {
  keptFiles,
  keptNumbers,
  pendingTransactions,
  preparingTransactions,
  readKept,
} from "../journal/index.ts";
import { type Plane, readGeneration, reservedBytes } from "../plane/index.ts";
import { keptSteps, type PackageNote } from "./earlier.ts";
import { type Good, readGood } from "./good.ts";

export interface KeptSummary {
  readonly generation: number;
  readonly operation: string;
  readonly subject: string;
  readonly user: string;
  /** ISO 8601 in UTC. */
  readonly committed_at: string;
  readonly transaction_id: string;
  readonly packages: readonly PackageNote[];
  readonly files: number;
  readonly size_bytes: number;
}

export interface PlaneStatus {
  readonly generation: number;
  readonly installed: readonly {
    readonly package_id: string;
    readonly version: string;
    readonly plane_id: PlaneTier;
    /** Versions `pkg rollback` can put back without the store, newest first. */
    readonly can_go_back_to: readonly string[];
  }[];
  readonly kept: readonly KeptSummary[];
  readonly good: readonly Good[];
  /** Settled on disk, but the ledger does not take their entries yet; the next command tries again. */
  readonly pending: readonly string[];
  /** Being prepared, or left by a process that died. */
  readonly preparing: readonly string[];
  readonly reserve_bytes: number;
  readonly free_bytes: number;
}

export function planeStatus(effects: Pick<Effects, "fs" | "clock" | "databases">, plane: Plane): PlaneStatus {
  const { fs } = effects;
  const { root } = plane;
  const steps = keptSteps(fs, root);
  return {
    generation: readGeneration(fs, root)?.generation ?? 0,
    installed: installedHeads(effects, root).map(({ package_id, version, plane_id }) => ({
      package_id,
      version,
      plane_id,
      can_go_back_to: [
        ...new Set(
          steps
            .filter((step) => step.package_id === package_id && step.plane_id === plane_id)
            .flatMap(({ from }) => from?.version ?? []),
        ),
      ],
    })),
    kept: keptNumbers(fs, root).flatMap((number) => summaryOf(effects, root, number, steps) ?? []),
    good: readGood(fs, root),
    pending: pendingTransactions(effects, root),
    preparing: preparingTransactions(effects, root),
    reserve_bytes: reservedBytes(effects, root),
    free_bytes: fs.freeBytes(root),
  };
}

function summaryOf(
  { fs }: Pick<Effects, "fs">,
  root: string,
  number: number,
  steps: ReturnType<typeof keptSteps>,
): KeptSummary | undefined {
  const kept = readKept(fs, root, number);
  if (kept === undefined) return undefined;
  const files = keptFiles(fs, root, number);
  const { generation, operation, subject, user, transaction_id, committed_ms } = kept;
  return {
    generation,
    operation,
    subject,
    user,
    committed_at: new Date(committed_ms).toISOString(),
    transaction_id,
    packages: steps
      .filter((step) => step.generation === generation)
      .map(({ package_id, plane_id, from, to }) => ({ package_id, plane_id, from, to })),
    files: files.length,
    size_bytes: files.reduce((sum, { size_bytes }) => sum + size_bytes, 0),
  };
}
