/** Earlier states of a package, as the kept generations remember them. */
import {
  type Manifest,
  Manifest as ManifestShape,
  PLANE_TIERS,
  type PlaneTier,
  type Receipt,
  Receipt as ReceiptShape,
} from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { type KeptFile, keptFiles, keptNumbers, readKept } from "../journal/index.ts";
import { manifestHash } from "../metadata/index.ts";
import { manifestCopyPath, receiptPath } from "../receipts/index.ts";

interface StateNote {
  readonly version: string;
  readonly receipt_sha256: string;
}

/** One package in one tier, as one committed transaction changed it. `null`: not installed. */
export interface PackageNote {
  readonly package_id: string;
  readonly plane_id: PlaneTier;
  readonly from: StateNote | null;
  readonly to: StateNote | null;
}

export interface PackageStep extends PackageNote {
  readonly generation: number;
  readonly transaction_id: string;
  readonly operation: string;
}

/** Changes of packages in the kept generations, newest first. */
export function keptSteps(fs: FileSystem, root: string): PackageStep[] {
  return keptNumbers(fs, root)
    .reverse()
    .flatMap((number) => {
      const kept = readKept(fs, root, number);
      if (kept === undefined) return [];
      const { generation, transaction_id, operation } = kept;
      return notesOf(kept.notes["packages"]).map((note) => ({
        ...note,
        generation,
        transaction_id,
        operation,
      }));
    });
}

function notesOf(value: unknown): PackageNote[] {
  if (!Array.isArray(value)) return [];
  return value.filter(
    (one: Partial<PackageNote> | null): one is PackageNote =>
      typeof one?.package_id === "string" &&
      (PLANE_TIERS as readonly unknown[]).includes(one.plane_id) &&
      isState(one.from) &&
      isState(one.to),
  );
}

const isState = (value: unknown): boolean =>
  value === null ||
  (typeof value === "object" && typeof (value as Partial<StateNote>).receipt_sha256 === "string");

export interface EarlierState {
  readonly receipt: Receipt;
  readonly manifest: Manifest;
}

/** Receipt and manifest of a remembered state, from the kept files or from what is installed now. */
export function readEarlier(
  fs: FileSystem,
  root: string,
  { package_id, plane_id }: Pick<PackageNote, "package_id" | "plane_id">,
  state: StateNote,
  sha256Of: (path: string) => string | undefined,
): EarlierState | undefined {
  const files = keptNumbers(fs, root)
    .reverse()
    .flatMap((number) => keptFiles(fs, root, number));
  const receipt_path = receiptPath(package_id, plane_id);
  const receipt_file = find(files, receipt_path, state.receipt_sha256)?.file ?? receipt_path;
  if (sha256Of(`${root}/${receipt_file}`) !== state.receipt_sha256) return undefined;
  const receipt = ReceiptShape.safeParse(JSON.parse(fs.readText(`${root}/${receipt_file}`)));
  if (!receipt.success || receipt.data.package_id !== package_id || receipt.data.plane_id !== plane_id)
    return undefined;
  const path = manifestCopyPath(package_id, plane_id);
  const candidates = [...files.filter((one) => one.path === path).map(({ file }) => file), path];
  for (const candidate of candidates) {
    const manifest = readManifestCopy(fs, `${root}/${candidate}`);
    if (manifest !== undefined && manifestHash(manifest) === receipt.data.manifest_hash)
      return { receipt: receipt.data, manifest };
  }
  return undefined;
}

const find = (files: readonly KeptFile[], path: string, sha256: string): KeptFile | undefined =>
  files.find((one) => one.path === path && one.sha256 === sha256);

function readManifestCopy(fs: FileSystem, path: string): Manifest | undefined {
  if (fs.stat(path)?.kind !== "file") return undefined;
  try {
    const parsed = ManifestShape.safeParse(JSON.parse(fs.readText(path)));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
