/** Receipts and manifests that kept generations displaced: packages as they were before a change. */
import {
  type Manifest,
  Manifest as ManifestShape,
  PLANE_TIERS,
  type Receipt,
  Receipt as ReceiptShape,
} from "../contracts/index.ts";
import { type KeptFile, keptFiles, keptNumbers } from "../journal/index.ts";
import { Fault } from "../kernel/index.ts";
import { manifestHash } from "../metadata/index.ts";
import { manifestCopyPath, receiptPath } from "../receipts/index.ts";
import { addTo } from "./lists.ts";
import type { Sight } from "./sight.ts";

export interface KeptPackage {
  readonly receipt: Receipt;
  readonly manifest: Manifest;
  /** Plane-relative path of the displaced receipt. */
  readonly file: string;
  /** Displaced files of all kept generations: bare hex to plane-relative path. */
  readonly by_digest: ReadonlyMap<string, string>;
}

interface Kept {
  /** By the path they were displaced from, newest generation first. */
  readonly by_path: ReadonlyMap<string, readonly KeptFile[]>;
  readonly by_digest: ReadonlyMap<string, string>;
}

const all_kept = new WeakMap<Sight, Kept>();

/** Displaced files of all kept generations; read once. */
function allKept(sight: Sight): Kept {
  let known = all_kept.get(sight);
  if (known === undefined) {
    known = readAll(sight);
    all_kept.set(sight, known);
  }
  return known;
}

function readAll(sight: Sight): Kept {
  const { fs } = sight.effects;
  const by_path = new Map<string, KeptFile[]>();
  const by_digest = new Map<string, string>();
  for (const number of keptNumbers(fs, sight.plane.root).reverse()) {
    try {
      for (const kept of keptFiles(fs, sight.plane.root, number)) {
        addTo(by_path, kept.path, kept);
        if (kept.sha256 !== undefined) by_digest.set(kept.sha256, kept.file);
      }
    } catch (error) {
      sight.noteFault(error);
    }
  }
  return { by_path, by_digest };
}

/** Earlier receipts of a package whose manifests are kept too, newest generation first. */
export function keptReceipts(sight: Sight, package_id: string): KeptPackage[] {
  const { by_path, by_digest } = allKept(sight);
  return PLANE_TIERS.flatMap((tier) =>
    (by_path.get(receiptPath(package_id, tier)) ?? []).flatMap(({ file }): KeptPackage[] => {
      const receipt = parsed(sight, file, ReceiptShape);
      if (receipt?.package_id !== package_id) return [];
      const manifest = manifestWith(sight, package_id, receipt.manifest_hash);
      return manifest === undefined ? [] : [{ receipt, manifest, file, by_digest }];
    }),
  );
}

/** The manifest of this package with this hash, installed now or displaced. */
export function manifestWith(sight: Sight, package_id: string, manifest_hash: string): Manifest | undefined {
  const here = sight.installedAs(package_id).find(({ receipt }) => receipt.manifest_hash === manifest_hash);
  if (here !== undefined) return here.manifest;
  const { by_path } = allKept(sight);
  for (const tier of PLANE_TIERS) {
    for (const { file } of by_path.get(manifestCopyPath(package_id, tier)) ?? []) {
      const manifest = parsed(sight, file, ManifestShape);
      if (manifest !== undefined && manifestHash(manifest) === manifest_hash) return manifest;
    }
  }
  return undefined;
}

function parsed<T>(
  sight: Sight,
  file: string,
  shape: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
): T | undefined {
  try {
    const read = shape.safeParse(JSON.parse(sight.effects.fs.readText(`${sight.plane.root}/${file}`)));
    return read.success ? read.data : undefined;
  } catch (error) {
    if (
      error instanceof Fault ||
      error instanceof SyntaxError ||
      typeof (error as { code?: unknown }).code === "string"
    )
      return undefined;
    throw error;
  }
}
