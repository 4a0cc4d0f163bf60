/** Shards of a matrix to the result of the whole. */
import type { GoldenMatrix } from "../../contracts/index.ts";
import { joinParts } from "../crew/merge.ts";
import { closeMatrix } from "./close-matrix.ts";
import { unrun } from "./run-cell.ts";

/** A cell no shard has is not run, and named. @throws MERGE_REFUSED */
export function mergeMatrices(
  matrices: readonly { readonly path: string; readonly matrix: GoldenMatrix }[],
  today: string,
): GoldenMatrix {
  const [first] = matrices;
  if (first === undefined) throw new Error("there is nothing to merge");
  const cells = joinParts(
    matrices.map(({ path, matrix }) => ({
      path,
      shard: matrix.shard,
      same: {
        package: matrix.package_id,
        harness: matrix.harness,
        "set of host programs": matrix.programs_digest,
        environment: matrix.environment,
        "set of versions": matrix.versions,
        "set of waivers": matrix.waivers,
        "set of edges": matrix.edges,
        plan: matrix.planned,
      },
      planned: matrix.planned.map(({ id }) => id),
      items: matrix.cells,
    })),
    ({ id }) => id,
  );
  const all = matrices.map(({ matrix }) => matrix);
  const open = {
    ...first.matrix,
    shard: null,
    began_at: all.map(({ began_at }) => began_at).sort()[0] ?? first.matrix.began_at,
    duration_ms: all.reduce((sum, { duration_ms }) => sum + duration_ms, 0),
    swept_folders: all.reduce((sum, { swept_folders }) => sum + swept_folders, 0),
    cells: first.matrix.planned.map((point, at) => {
      const cell = cells[at];
      return cell === undefined ? unrun(point, "it is in none of the reports") : { ...cell, waived: null };
    }),
  };
  return closeMatrix(open, today);
}
