/** Brings the bytes of entering packages into the transaction's folder, before the plane is locked where that is possible. */
import { extractArchive } from "../archive/index.ts";
import type { Effects } from "../effects/index.ts";
import type { Transaction } from "../journal/index.ts";
import { bare } from "../kernel/index.ts";
import type { Candidate } from "./candidate.ts";
import { copyFile } from "./copy-file.ts";
import type { Placement } from "./place.ts";
import type { Entering } from "./target.ts";

/** Placements that need new bytes on disk. */
export const needsBytes = ({ action, new_default }: Placement): boolean =>
  action === "create" || action === "replace" || new_default !== undefined;

/** Files extracted so far, by tier and asset. Plans may change under the lock; what is then missing is extracted as well. */
export class Staging {
  readonly #transaction: Transaction;
  /** Relative to the transaction's folder, which moves when the plane is entered. */
  readonly #files = new Map<string, string>();
  #rounds = 0;

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  /** Extracts what the plan needs and is not there yet. @throws ARCHIVE_* */
  async fill(effects: Effects, entering: readonly Entering[]): Promise<void> {
    for (const one of entering) {
      effects.signal.throwIfAborted();
      const candidate = archiveFor(one);
      if (candidate === undefined) continue;
      const missing = one.placements.filter(
        (placement) =>
          needsBytes(placement) && !isKept(one, placement) && !this.#files.has(keyOf(one, placement)),
      );
      if (missing.length > 0) await this.#extract(effects, one, candidate, missing);
    }
  }

  /** Absolute path of extracted bytes, to be moved from there. */
  fileOf(entering: Entering, placement: Placement): string | undefined {
    const file = this.#files.get(keyOf(entering, placement));
    return file === undefined ? undefined : `${this.#transaction.site.directory}/${file}`;
  }

  async #extract(
    effects: Effects,
    entering: Entering,
    { layout, listing, path }: Candidate,
    missing: readonly Placement[],
  ): Promise<void> {
    const scratch = `extracted-${this.#rounds++}`;
    const numbers = new Map<string, string>();
    for (const [number, placement] of missing.entries()) {
      numbers.set(layout.files.get(placement.asset.path)?.member ?? "", String(number));
      this.#files.set(keyOf(entering, placement), `${scratch}/${number}`);
    }
    await extractArchive(effects, path, {
      digest: listing.digest,
      destination: this.#transaction.makeScratch(scratch),
      rename: (member: string) => numbers.get(member),
      signal: effects.signal,
    });
  }
}

const keyOf = ({ tier, target }: Entering, { asset }: Placement): string =>
  `${tier}\0${target.manifest.package_id}\0${asset.path}`;

const archiveFor = ({ target: { bytes } }: Entering): Candidate | undefined =>
  bytes.kind === "archive" ? bytes.candidate : bytes.fallback;

const isKept = ({ target: { bytes } }: Entering, { asset }: Placement): boolean =>
  bytes.kind === "kept" && bytes.kept.has(bare(asset.sha256), asset.executable);

/** Plans one placement's new bytes for `path`, from the archive or from the kept files. */
export function putBytes(
  effects: Pick<Effects, "fs">,
  transaction: Transaction,
  staging: Staging,
  entering: Entering,
  placement: Placement,
  path: string,
): void {
  const { asset, before_sha256 } = placement;
  const { bytes } = entering.target;
  const before = path === placement.path ? before_sha256 : undefined;
  const kept =
    bytes.kind === "kept" ? bytes.kept.take(path, bare(asset.sha256), asset.executable) : undefined;
  if (kept !== undefined && !kept.spare) {
    transaction.put(path, { kept: kept.file.file }, before);
    return;
  }
  if (kept !== undefined) {
    const copy = `${transaction.site.directory}/copy-${transaction.changes.length}`;
    copyFile(effects.fs, `${transaction.site.root}/${kept.file.file}`, copy);
    if (asset.executable) effects.fs.setMode(copy, 0o755);
    transaction.put(path, { file: copy }, before);
    return;
  }
  const file = staging.fileOf(entering, placement);
  if (file === undefined) throw new Error(`no bytes were staged for ${path}`);
  transaction.put(path, { file }, before);
}
