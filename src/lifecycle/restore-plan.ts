/** What `integrity-check --fix` would put back, and where it comes from. Reads the plane, changes nothing. */
import type { Receipt, ReceiptFile } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { bare, type Fault, prefixed, sha256Hex } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { readInstalled } from "../receipts/index.ts";
import { storedArchive } from "./drift.ts";
import { make } from "./faults.ts";
import { checkOwnPaths } from "./own-paths.ts";
import type { WantedFile } from "./restored-check.ts";

/** Who owns the plane's own files, such as its launchers, in what users see. */
export const PLANE_ITSELF = "holdfast";

interface BrokenFile<T> {
  readonly file: T;
  readonly was: "drift" | "missing";
  /** Bare hex of what lies there, for a regular file. */
  readonly found_sha256: string | undefined;
}

export interface BrokenPackage {
  readonly receipt: Receipt;
  readonly files: readonly BrokenFile<ReceiptFile>[];
  /** The stored archive with the installed bytes; absolute. */
  readonly archive: string;
}

export type OwnFile = WantedFile & { readonly bytes: Uint8Array };

export interface RestorePlan {
  readonly packages: readonly BrokenPackage[];
  /** The plane's own files that are not what this program ships. */
  readonly own: readonly BrokenFile<OwnFile>[];
  readonly problems: readonly Fault[];
}

/** Only code and its kin: config and state belong to the people who edit them. Lists every problem. */
export async function planRestore(
  effects: Effects,
  plane: Plane,
  plane_files: ReadonlyMap<string, Uint8Array>,
): Promise<RestorePlan> {
  const packages: BrokenPackage[] = [];
  const problems: Fault[] = [];
  for (const { receipt } of readInstalled(effects.fs, plane.root)) {
    effects.signal.throwIfAborted();
    const files = await findBroken(effects, plane, receipt.files.filter(isRestored));
    if (files.length === 0) continue;
    problems.push(...checkOwnPaths(effects, plane, receipt), ...checkPlaces(effects, plane, receipt, files));
    const archive = storedArchive(effects, plane, receipt);
    if (archive === undefined) problems.push(sourceMissing(receipt));
    else packages.push({ receipt, files, archive });
  }
  const own = await findBroken(effects, plane, ownFiles(plane_files));
  // A folder where a launcher belongs holds something of somebody's: integrity names it.
  return {
    packages,
    own: own.filter(({ file }) => kindOf(effects, plane, file.path) !== "directory"),
    problems,
  };
}

const isRestored = ({ classification }: ReceiptFile): boolean =>
  classification !== "config" && classification !== "state";

const ownFiles = (files: ReadonlyMap<string, Uint8Array>): OwnFile[] =>
  [...files].map(([path, bytes]) => ({ path, bytes, sha256: prefixed(sha256Hex(bytes)), executable: false }));

async function findBroken<T extends WantedFile>(
  effects: Effects,
  plane: Plane,
  files: readonly T[],
): Promise<BrokenFile<T>[]> {
  const digests = await effects.workers.digestFiles(files.map(({ path }) => `${plane.root}/${path}`));
  return files.flatMap((file, index): BrokenFile<T>[] => {
    const digest = digests[index];
    if (
      digest !== undefined &&
      prefixed(digest.sha256) === file.sha256 &&
      digest.executable === file.executable
    )
      return [];
    const was = kindOf(effects, plane, file.path) === undefined ? "missing" : "drift";
    return [{ file, was, found_sha256: digest === undefined ? undefined : bare(digest.sha256) }];
  });
}

const kindOf = ({ fs }: Pick<Effects, "fs">, plane: Plane, path: string) =>
  fs.stat(`${plane.root}/${path}`)?.kind;

function checkPlaces(
  effects: Effects,
  plane: Plane,
  { package_id }: Receipt,
  files: readonly BrokenFile<ReceiptFile>[],
): Fault[] {
  return files.flatMap(({ file: { path, sha256 } }) =>
    kindOf(effects, plane, path) === "directory"
      ? [
          make("PATH_OCCUPIED", `${path} is a folder now`, {
            package_id,
            path,
            expected: sha256,
            actual: "a folder",
          }),
        ]
      : [],
  );
}

function sourceMissing({ package_id, version, archive_hash }: Receipt): Fault {
  const message = `the store no longer holds the installed bytes of ${package_id} ${version}`;
  return make("RESTORE_SOURCE_MISSING", message, { package_id, version, digest: bare(archive_hash) });
}
