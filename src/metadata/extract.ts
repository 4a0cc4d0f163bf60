/** What one file says, in the terms of SourceMetadata, and where in the file it says so. */
import { isWithin, moved } from "./pointer.ts";
import type { Problem } from "./problems.ts";

export type Raw = Record<string, unknown>;

export interface Extract {
  /** Fields that give way where another file says them. */
  readonly yields?: readonly string[];
  /** Found while upgrading; pointers are those of the file. */
  readonly problems?: readonly Problem[];
  /** In the terms of SourceMetadata; not judged yet. */
  readonly raw: Raw;
  /** Upgraded from an older form; counted as `legacy_metadata_read`. */
  readonly legacy: boolean;
  /** Which pointers of `raw` stand elsewhere in the file; the first that fits counts. */
  readonly elsewhere: readonly (readonly [pointer: string, in_file: string])[];
}

/** A pointer of the metadata as a pointer of the file it came from. */
export function inFile({ elsewhere }: Extract, pointer: string): string {
  const found = elsewhere.find(([outer]) => isWithin(pointer, outer));
  return found === undefined ? pointer : moved(pointer, found[0], found[1]);
}
