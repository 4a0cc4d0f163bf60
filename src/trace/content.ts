/** What one version of a package holds, wherever it was read from. */
import type { Manifest } from "../contracts/index.ts";

export interface ContentFile {
  /** As in the manifest: relative to the plane tier. */
  readonly path: string;
  /** Prefixed. */
  readonly sha256: string;
  readonly size_bytes: number;
  readonly executable: boolean;
  readonly classification: string;
}

export interface PackageContent {
  readonly manifest: Manifest;
  readonly files: readonly ContentFile[];
  /** Plane-relative path of what was read. */
  readonly source: string;
  readonly archive?: {
    readonly path: string;
    /** Bare hex. */
    readonly sha256: string;
    readonly size_bytes: number;
    /** Null where nothing records a digest of it. */
    readonly verified: boolean | null;
  };
  /** Bytes of some files, as far as they can be had; each has the digest that `files` states. */
  readonly bytesOf: (paths: ReadonlySet<string>) => Promise<ReadonlyMap<string, Buffer>>;
}
