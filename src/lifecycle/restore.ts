/** Restore: drifted and missing files of installed packages come back from the store; what was found is kept aside. */
import { extractArchive } from "../archive/index.ts";
import type { Receipt, ReceiptFile } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import type { Transaction } from "../journal/index.ts";
import { bare, prefixed, sha256Hex } from "../kernel/index.ts";
import { authorise, digestOf, KEPT_DIRECTORY, PACKAGES_STREAM, type Plane, writing } from "../plane/index.ts";
import { readInstalled, tierPrefix } from "../receipts/index.ts";
import { storedArchive } from "./drift.ts";
import { make } from "./faults.ts";
import { keepCopy } from "./leaving.ts";
import { checkOwnPaths } from "./own-paths.ts";
import { refuseAll } from "./refuse.ts";
import { transact } from "./transact.ts";

export interface RestoreResult {
  readonly restored: readonly {
    readonly path: string;
    readonly package_id: string;
    readonly was: "drift" | "missing";
  }[];
  /** Where copies of the drifted files lie; null when there was none. */
  readonly kept_in: string | null;
  readonly dry_run: boolean;
  readonly transaction_id: string | null;
}

interface Broken {
  readonly receipt: Receipt;
  readonly files: readonly { readonly file: ReceiptFile; readonly was: "drift" | "missing" }[];
}

/**
 * Only code and its kin: config and state belong to the people who edit them.
 * @throws AUTH_*, RESTORE_SOURCE_MISSING when the store no longer holds the installed bytes
 */
export async function restore(
  effects: Effects,
  plane: Plane,
  request: {
    readonly token: string | undefined;
    readonly dry_run: boolean;
    readonly wait_ms?: number | undefined;
    /** Files that belong to the plane itself, with the bytes they must have. */
    readonly plane_files?: ReadonlyMap<string, Uint8Array>;
  },
): Promise<RestoreResult> {
  const { user } = await authorise(effects, plane, request.token, { action: "update" });
  const own = request.plane_files ?? new Map<string, Uint8Array>();
  const described = (
    broken: readonly Broken[],
    own_broken: readonly OwnBroken[],
  ): RestoreResult["restored"] => [
    ...broken.flatMap(({ receipt, files }) =>
      files.map(({ file, was }) => ({ path: file.path, package_id: receipt.package_id, was })),
    ),
    ...own_broken.map(({ path, was }) => ({ path, package_id: "holdfast", was })),
  ];
  const first = described(await findBroken(effects, plane), findOwnBroken(effects, plane, own));
  const dry = { restored: first, kept_in: null, dry_run: request.dry_run, transaction_id: null };
  if (request.dry_run || first.length === 0) return dry;
  return writing(
    effects,
    plane,
    { user, ...(request.wait_ms === undefined ? {} : { wait_ms: request.wait_ms }) },
    async (session) => {
      const broken = await findBroken(effects, plane);
      const own_broken = findOwnBroken(effects, plane, own);
      const subject = broken
        .map(({ receipt }) => receipt.package_id)
        .join(" ")
        .slice(0, 256);
      return transact(effects, session, { operation: "restore", subject, user }, async (transaction) => {
        transaction.enterPhase("dependency-prepare");
        let kept = 0;
        for (const [index, one] of broken.entries())
          kept += await stageRestore(effects, transaction, plane, one, index);
        for (const { path, bytes } of own_broken) {
          kept += keepCopy(effects, transaction, plane, path);
          transaction.put(path, { bytes, mode: 0o644 });
        }
        return {
          registries: [],
          entries: broken.map(({ receipt, files }) => ({
            stream: PACKAGES_STREAM,
            event_type: "RESTORED",
            submission_id: receipt.package_id,
            decision: "RESTORED",
            reason: `${files.length} file(s) of ${receipt.package_id} ${receipt.version} restored from the store`,
            metadata: {
              ledger_type: "L-PACKAGE",
              user,
              version: receipt.version,
              files: files.length,
            },
          })),
          result: {
            restored: described(broken, own_broken),
            kept_in: kept === 0 ? null : `${KEPT_DIRECTORY}/${transaction.id}`,
            dry_run: false,
          },
        };
      });
    },
  );
}

async function findBroken({ fs, workers }: Effects, plane: Plane): Promise<Broken[]> {
  const broken: Broken[] = [];
  for (const { receipt } of readInstalled(fs, plane.root)) {
    const files = receipt.files.filter(
      ({ classification }) => classification !== "config" && classification !== "state",
    );
    const digests = await workers.digestFiles(files.map(({ path }) => `${plane.root}/${path}`));
    const found = files.flatMap((file, index) => {
      const digest = digests[index];
      if (
        digest !== undefined &&
        prefixed(digest.sha256) === file.sha256 &&
        digest.executable === file.executable
      )
        return [];
      const was =
        fs.stat(`${plane.root}/${file.path}`) === undefined ? ("missing" as const) : ("drift" as const);
      return [{ file, was }];
    });
    if (found.length > 0) broken.push({ receipt, files: found });
  }
  return broken;
}

/** @returns how many copies were kept */
async function stageRestore(
  effects: Effects,
  transaction: Transaction,
  plane: Plane,
  { receipt, files }: Broken,
  index: number,
): Promise<number> {
  const { fs } = effects;
  refuseAll(checkOwnPaths(effects, plane, receipt));
  const prefix = tierPrefix(receipt.plane_id);
  const wanted = new Map(files.map(({ file }, number) => [file.path.slice(prefix.length), String(number)]));
  const destination = transaction.makeScratch(`restored-${index}`);
  await extractArchive(effects, archiveOf(effects, plane, receipt), {
    digest: bare(receipt.archive_hash),
    destination,
    // Legacy archives put everything under one package folder.
    rename: (member: string) => wanted.get(member) ?? wanted.get(member.replace(/^PKG-[^/]+\//, "")),
  });
  let kept = 0;
  for (const [number, { file, was }] of files.entries()) {
    const target = `${plane.root}/${file.path}`;
    const kind = fs.stat(target)?.kind;
    if (kind === "directory")
      throw make("PATH_OCCUPIED", `${file.path} is a folder now`, {
        package_id: receipt.package_id,
        path: file.path,
        expected: file.sha256,
        actual: "a folder",
      });
    if (was === "drift") kept += keepCopy(effects, transaction, plane, file.path);
    transaction.put(file.path, { file: `${destination}/${number}` });
  }
  return kept;
}

interface OwnBroken {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly was: "drift" | "missing";
}

/** The plane's own files that are not what this program ships. */
function findOwnBroken({ fs }: Effects, plane: Plane, files: ReadonlyMap<string, Uint8Array>): OwnBroken[] {
  return [...files].flatMap(([path, bytes]): OwnBroken[] => {
    const found = fs.stat(`${plane.root}/${path}`);
    if (found === undefined) return [{ path, bytes, was: "missing" }];
    if (found.kind === "directory") return [];
    return found.kind === "file" && digestOf(fs, `${plane.root}/${path}`) === sha256Hex(bytes)
      ? []
      : [{ path, bytes, was: "drift" }];
  });
}

function archiveOf(effects: Effects, plane: Plane, receipt: Receipt): string {
  const { package_id, version } = receipt;
  const found = storedArchive(effects, plane, receipt);
  if (found !== undefined) return found;
  throw make(
    "RESTORE_SOURCE_MISSING",
    `the store no longer holds the installed bytes of ${package_id} ${version}`,
    { package_id, version, digest: bare(receipt.archive_hash) },
  );
}
