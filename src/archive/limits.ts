/** What an archive may cost its reader. Every limit holds while streaming: nothing is buffered first and judged later. */

export interface ArchiveLimits {
  /** Members of every kind, long-name and pax records included. */
  readonly entries_max: number;
  /** Sum of all file sizes. */
  readonly unpacked_bytes_max: number;
  readonly file_bytes_max: number;
  /** Unpacked bytes for one packed byte; judged only past `RATIO_JUDGED_FROM_BYTES`. Deflate itself ends at 1,032. */
  readonly ratio_max: number;
  /** The top-level `manifest.json`, which the reader keeps in memory. */
  readonly manifest_bytes_max: number;
}

export const DEFAULT_LIMITS: ArchiveLimits = {
  entries_max: 100_000,
  unpacked_bytes_max: 4 * 1024 ** 3,
  file_bytes_max: 2 * 1024 ** 3,
  ratio_max: 1000,
  manifest_bytes_max: 64 * 1024 ** 2,
};

/** A few kilobytes of zeros compress a thousandfold in honest archives. */
export const RATIO_JUDGED_FROM_BYTES = 10 * 1024 ** 2;

/** Path rules are no option: a path one reader accepts and another refuses would be a second format. */
export const PATH_BYTES_MAX = 1024;
export const SEGMENT_BYTES_MAX = 255;
export const DEPTH_MAX = 32;

/** One pax or long-name record: a longest path, both times and every known key fit many times over. */
export const META_BYTES_MAX = 64 * 1024;

/** Zero blocks after the end; tar pads to its blocking factor, which goes up to 512 blocks in practice. */
export const END_PADDING_BYTES_MAX = 1024 ** 2;
