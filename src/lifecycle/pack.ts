/** Pack: from a source tree to an immutable, reproducible archive in the store, registered in the same transaction. */
import { checkEntryPaths, type Packed } from "../archive/index.ts";
import type { Effects, FileSystem } from "../effects/index.ts";
import type { Transaction } from "../journal/index.ts";
import { Fault } from "../kernel/index.ts";
import { manifestHash, namingSource, readSource, type SourceReading } from "../metadata/index.ts";
import { absolute, authorise, digestOf, GOVERNANCE_STREAM, type Plane, writing } from "../plane/index.ts";
import { makePrivateTemp } from "../sandbox/index.ts";
import { latestArchivePath, sidecarPath, versionedArchivePath } from "../store/index.ts";
import { buildArchive, type Prepared } from "./build-archive.ts";
import { buildManifest, decideId, tierOfId } from "./build-manifest.ts";
import { chainRows } from "./chain.ts";
import { judgeTarget } from "./check-target.ts";
import { collectIncludes, collectSource } from "./collect.ts";
import { copyFile } from "./copy-file.ts";
import { make } from "./faults.ts";
import { installedDigests } from "./history.ts";
import { packageRow } from "./package-row.ts";
import { type LedgerNote, transact } from "./transact.ts";
import {
  findSigners,
  stageVouched,
  type Vouched,
  type VouchRequest,
  vouchedCells,
  vouchFor,
} from "./vouch.ts";

export interface PackRequest extends VouchRequest {
  readonly src: string;
  readonly id?: string | undefined;
  readonly token: string | undefined;
  readonly dry_run: boolean;
  readonly replace: boolean;
  readonly wait_ms?: number | undefined;
  readonly deflate_worker_url?: URL | undefined;
  /** Asked once the bytes are known and before anything of the plane changes; what it throws refuses the pack. */
  readonly judge?: ((packed: PackedBytes) => Promise<void>) | undefined;
}

export interface PackedBytes {
  readonly package_id: string;
  readonly version: string;
  /** sha256 of the archive. */
  readonly digest: string;
}

export interface PackResult {
  readonly package_id: string;
  readonly version: string;
  readonly archive: string;
  readonly latest: string;
  readonly digest: string;
  readonly content_digest: string;
  readonly manifest_hash: string;
  readonly files: number;
  readonly size_bytes: number;
  readonly legacy_metadata_read: number;
  /** Who signed the archive, now or before; empty when nobody did. */
  readonly signed_by: readonly string[];
  /** Whether a provenance statement lies beside it. */
  readonly attested: boolean;
  /** False when the same bytes were in the store and in the registry already. */
  readonly changed: boolean;
  readonly dry_run: boolean;
  readonly transaction_id: string | null;
}

/** @throws SOURCE_*, METADATA_*, AUTH_*, VERSION_WAS_INSTALLED, VERSION_EXISTS, TARGET_REFUSED, SIGNING_KEY_NONE, HMAC_KEY_* */
export async function pack(effects: Effects, plane: Plane, request: PackRequest): Promise<PackResult> {
  const { fs } = effects;
  const source = resolveSource(effects, request.src);
  if (plane.root === source || plane.root.startsWith(`${source}/`)) {
    throw make("SOURCE_HOLDS_PLANE", `${request.src} holds the plane itself`, { path: request.src });
  }
  const reading = await readSource(fs, source, request.src);
  const package_id = decideId(reading.metadata, request.id, request.src);
  const { user } = await authorise(effects, plane, request.token, {
    action: "pack",
    package_ids: [package_id],
    tiers: [reading.metadata.tier ?? tierOfId(package_id)],
  });
  const signers = findSigners(effects, plane, request);
  const prepared = await prepare(effects, plane, source, package_id, reading, request.src).catch(
    (error: unknown) => {
      throw error instanceof Fault ? namingSource(error, request.src) : error;
    },
  );
  const vouch = (packed: Outcome) => vouchFor(effects, plane, signers, { ...packed, prepared });
  if (request.dry_run) {
    const temp = await makePrivateTemp(effects);
    const scratch = temp.path;
    try {
      const written = await buildArchive(
        effects,
        plane,
        prepared,
        `${scratch}/archive`,
        request.deflate_worker_url,
      );
      const packed = outcome(effects, plane, request, prepared, written);
      await request.judge?.(packed);
      return { ...withVouchers(packed, vouch(packed)), transaction_id: null };
    } finally {
      await temp.remove();
    }
  }
  const about = { operation: "pack", subject: package_id, user };
  const waits = request.wait_ms === undefined ? {} : { wait_ms: request.wait_ms };
  return writing(effects, plane, { user, ...waits }, (session) =>
    transact(effects, session, about, async (transaction) => {
      transaction.enterPhase("verify");
      const scratch = transaction.makeScratch("pack");
      const written = await buildArchive(
        effects,
        plane,
        prepared,
        `${scratch}/archive`,
        request.deflate_worker_url,
      );
      const packed = outcome(effects, plane, request, prepared, written);
      await request.judge?.(packed);
      const vouched = vouch(packed);
      const result = withVouchers(packed, vouched);
      if (packed.changed) planStore(fs, transaction, scratch, packed);
      stageVouched(fs, transaction, plane, [packed.archive, packed.latest], vouched);
      const cells = vouchedCells(packed.archive, vouched);
      const row = { ...packageRow(effects, plane, prepared, written.digest), ...cells };
      const registries = [
        { name: "packages_registry" as const, upsert: [row], remove: [] },
        ...chainRows(effects, plane, prepared.manifest),
      ];
      return { registries, entries: [packEntry(result, user)], result };
    }),
  );
}

function resolveSource({ fs, host: { cwd } }: Effects, src: string): string {
  const path = absolute(cwd, src);
  if (fs.stat(path) === undefined) throw make("SOURCE_NOT_FOUND", `there is no ${src}`, { path: src });
  const real = fs.realPath(path);
  if (fs.stat(real)?.kind !== "directory")
    throw make("SOURCE_NOT_DIRECTORY", `${src} is not a folder`, { path: src });
  return real;
}

async function prepare(
  effects: Effects,
  plane: Plane,
  source: string,
  package_id: string,
  reading: SourceReading,
  src: string,
): Promise<Prepared> {
  const { metadata } = reading;
  const folder_name = source.slice(source.lastIndexOf("/") + 1);
  const target = metadata.target ?? `modules/${folder_name}`;
  checkTarget(target);
  const files = [
    ...(await collectSource(effects, source, target)),
    ...(await collectIncludes(effects, plane.root, source, metadata.include ?? [])),
  ];
  const manifest = buildManifest(metadata, package_id, target, files, src);
  const clashes = checkEntryPaths(manifest.assets.map((asset) => asset.path));
  if (clashes[0] !== undefined) throw clashes[0];
  for (const { path } of manifest.assets) checkTarget(path);
  return { source, target, metadata, manifest, files, legacy_reads: reading.legacy_reads };
}

function checkTarget(path: string): void {
  const refused = judgeTarget(path);
  if (refused !== undefined) throw refused;
}

type Outcome = Omit<PackResult, "transaction_id" | "signed_by" | "attested">;

const withVouchers = (
  packed: Outcome,
  { signed_by, provenance }: Vouched,
): Omit<PackResult, "transaction_id"> => ({ ...packed, signed_by, attested: provenance !== undefined });

/** What the pack comes to, after refusing other bytes under a version that is taken. */
function outcome(
  effects: Effects,
  plane: Plane,
  request: PackRequest,
  prepared: Prepared,
  written: Packed,
): Outcome {
  const { fs } = effects;
  const { manifest } = prepared;
  const { package_id, version } = manifest;
  const archive = versionedArchivePath(package_id, version);
  const latest = latestArchivePath(package_id);
  const stored = digestOf(fs, `${plane.root}/${archive}`);
  const details = { package_id, version, stored: stored ?? "", packed: written.digest };
  const installed = installedDigests(effects, plane, package_id, version);
  if (installed.size > 0 && !installed.has(written.digest)) {
    throw make("VERSION_WAS_INSTALLED", `${package_id} ${version} was installed with other bytes`, {
      ...details,
      stored: [...installed][0] ?? "",
    });
  }
  if (stored !== undefined && stored !== written.digest && !request.replace) {
    throw make("VERSION_EXISTS", `the store holds ${package_id} ${version} with other bytes`, details);
  }
  return {
    package_id,
    version,
    archive,
    latest,
    digest: written.digest,
    content_digest: written.content_digest,
    manifest_hash: manifestHash(manifest),
    files: manifest.assets.length,
    size_bytes: written.size_bytes,
    legacy_metadata_read: prepared.legacy_reads,
    changed: stored !== written.digest || digestOf(fs, `${plane.root}/${latest}`) !== written.digest,
    dry_run: request.dry_run,
  };
}

function planStore(
  fs: FileSystem,
  transaction: Transaction,
  scratch: string,
  { archive, latest, digest }: Outcome,
): void {
  copyFile(fs, `${scratch}/archive`, `${scratch}/latest`);
  const sidecar = { bytes: Buffer.from(digest), mode: 0o644 };
  for (const [path, file] of [
    [archive, `${scratch}/archive`],
    [latest, `${scratch}/latest`],
  ] as const) {
    fs.setMode(file, 0o644);
    transaction.put(path, { file });
    transaction.put(sidecarPath(path), sidecar);
  }
}

function packEntry(result: Omit<PackResult, "transaction_id">, user: string): LedgerNote {
  const { package_id, version, digest, content_digest, manifest_hash, archive, legacy_metadata_read } =
    result;
  const { signed_by, attested } = result;
  return {
    stream: GOVERNANCE_STREAM,
    event_type: "package_pack",
    submission_id: package_id,
    decision: "PACKED",
    reason: `${package_id} ${version} packed to ${archive}`,
    metadata: {
      user,
      version,
      digest,
      content_digest,
      manifest_hash,
      archive,
      legacy_metadata_read,
      ...(signed_by.length === 0 && !attested ? {} : { signed_by: [...signed_by], attested }),
    },
  };
}
