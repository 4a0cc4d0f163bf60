/** What `integrity-check --fix` would put back, and where it comes from. Reads the plane, changes nothing. */
import type { Receipt, ReceiptFile } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { bare, type Fault, prefixed, sha256Hex } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { readInstalled, readReceipt } from "../receipts/index.ts";
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
  /** Packages with a broken file, whether it can be put back or not. */
  readonly concerned: readonly Concerned[];
}

export type Concerned = Pick<Receipt, "package_id" | "plane_id">;

/**
 * Only code and its kin: config and state belong to the people who edit them. Lists every problem.
 * @param among the packages an earlier plan found broken; all that are installed where not given
 */
export async function planRestore(
  effects: Effects,
  plane: Plane,
  plane_files: ReadonlyMap<string, Uint8Array>,
  among?: readonly Concerned[],
): Promise<RestorePlan> {
  const packages: BrokenPackage[] = [];
  const problems: Fault[] = [];
  const concerned: Concerned[] = [];
  const installed =
    among === undefined
      ? readInstalled(effects.fs, plane.root)
      : among.flatMap(
          ({ package_id, plane_id }) => readReceipt(effects.fs, plane.root, package_id, plane_id) ?? [],
        );
  for await (const { receipt, files } of brokenIn(effects, plane, installed)) {
    concerned.push(receipt);
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
    concerned,
  };
}

/** Files read at once, by all cores. */
const FILES_AT_ONCE = 50_000;

/** Those of which something is broken, in the order given. */
async function* brokenIn(
  effects: Effects,
  plane: Plane,
  installed: readonly { readonly receipt: Receipt }[],
): AsyncGenerator<Pick<BrokenPackage, "receipt" | "files">> {
  let at = 0;
  while (at < installed.length) {
    effects.signal.throwIfAborted();
    const batch: { readonly receipt: Receipt; readonly files: readonly ReceiptFile[] }[] = [];
    for (let count = 0; at < installed.length && count < FILES_AT_ONCE; at++) {
      const receipt = installed[at]?.receipt;
      if (receipt === undefined) continue;
      const files = receipt.files.filter(isRestored);
      batch.push({ receipt, files });
      count += files.length;
    }
    const broken = (
      await findBroken(
        effects,
        plane,
        batch.flatMap(({ files }) => files),
      )
    ).values();
    let next = broken.next().value;
    for (const { receipt, files } of batch) {
      if (next === undefined) break;
      const own = new Set(files);
      const found: BrokenFile<ReceiptFile>[] = [];
      for (; next !== undefined && own.has(next.file); next = broken.next().value) found.push(next);
      if (found.length > 0) yield { receipt, files: found };
    }
  }
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
