import { defineFaults, kind } from "../kernel/index.ts";

interface AtPath {
  readonly [key: string]: string | number | undefined;
  readonly path: string;
}
interface InArchive {
  readonly [key: string]: string | number | undefined;
  readonly archive: string;
  readonly path?: string;
}

const shown = (text: string): string => (/^[\w./@%+,:-]+$/.test(text) ? text : JSON.stringify(text));

/** A path no archive or manifest may hold: its owner renames the file and packs again. */
const badPath = kind<AtPath>(
  3,
  (d) => `Rename ${shown(d.path)} in the package's source and pack it again; "pkg pack --help" shows how.`,
);
/** An archive that tries something archives of packages never need. */
const hostile = kind<InArchive>(
  3,
  (d) => `Do not install ${shown(d.archive)}; have it packed again from its source with "pkg pack".`,
);
/** An archive whose bytes are not what a tar writer produces: cut, damaged or forged. */
const damaged = kind<InArchive>(
  2,
  (d) =>
    `Run "sha256sum ${shown(d.archive)}", compare with the digest its publisher states, and fetch it again.`,
);

export const {
  raise,
  make,
  catalogue: archiveFaults,
} = defineFaults({
  ARCHIVE_PATH_EMPTY: badPath,
  ARCHIVE_PATH_ABSOLUTE: badPath,
  ARCHIVE_PATH_DRIVE: badPath,
  ARCHIVE_PATH_BACKSLASH: badPath,
  ARCHIVE_PATH_NUL: badPath,
  ARCHIVE_PATH_CONTROL: badPath,
  ARCHIVE_PATH_ENCODING: badPath,
  ARCHIVE_PATH_PARENT: badPath,
  ARCHIVE_PATH_DOT: badPath,
  ARCHIVE_PATH_EMPTY_SEGMENT: badPath,
  ARCHIVE_PATH_TRAILING: badPath,
  ARCHIVE_PATH_RESERVED: badPath,
  ARCHIVE_PATH_NOT_NFC: badPath,
  ARCHIVE_PATH_SEGMENT_LONG: badPath,
  ARCHIVE_PATH_LONG: badPath,
  ARCHIVE_PATH_DEEP: badPath,
  ARCHIVE_PATH_DUPLICATE: badPath,
  ARCHIVE_PATH_COLLISION: badPath,
  ARCHIVE_PATH_FILE_AND_DIRECTORY: badPath,

  ARCHIVE_SYMLINK: hostile,
  ARCHIVE_HARDLINK: hostile,
  ARCHIVE_DEVICE: hostile,
  ARCHIVE_FIFO: hostile,
  ARCHIVE_SPARSE: hostile,
  ARCHIVE_MEMBER_KIND: hostile,
  ARCHIVE_MODE_SPECIAL: hostile,
  ARCHIVE_XATTR: hostile,
  ARCHIVE_TOO_MANY_ENTRIES: hostile,
  ARCHIVE_TOO_LARGE: hostile,
  ARCHIVE_FILE_TOO_LARGE: hostile,
  ARCHIVE_RATIO: hostile,
  ARCHIVE_MANIFEST_TOO_LARGE: hostile,
  ARCHIVE_META_TOO_LARGE: hostile,
  ARCHIVE_PAX_GLOBAL: hostile,
  ARCHIVE_PAX_KEY: hostile,
  ARCHIVE_PAX_SIZE: hostile,
  ARCHIVE_PAX_ON_META: hostile,
  ARCHIVE_GNU_NAME_OVERRIDE: hostile,
  ARCHIVE_GNU_NAME_MISMATCH: hostile,
  ARCHIVE_META_DANGLING: hostile,
  ARCHIVE_TRAILING_DATA: hostile,
  ARCHIVE_GZIP_SECOND_MEMBER: hostile,
  ARCHIVE_GZIP_TRAILING_DATA: hostile,
  ARCHIVE_AMBIGUOUS: hostile,

  ARCHIVE_NOT_GZIP: damaged,
  ARCHIVE_GZIP_HEADER: damaged,
  ARCHIVE_GZIP_CORRUPT: damaged,
  ARCHIVE_GZIP_TRUNCATED: damaged,
  ARCHIVE_GZIP_CHECKSUM: damaged,
  ARCHIVE_TAR_TRUNCATED: damaged,
  ARCHIVE_TAR_EMPTY: damaged,
  ARCHIVE_TAR_MAGIC: damaged,
  ARCHIVE_TAR_CHECKSUM: damaged,
  ARCHIVE_TAR_FIELD: damaged,
  ARCHIVE_NUMBER_INVALID: damaged,
  ARCHIVE_NUMBER_BASE256: damaged,
  ARCHIVE_PAX_INVALID: damaged,
  ARCHIVE_PAX_UNTERMINATED: damaged,
  ARCHIVE_GNU_NAME_INVALID: damaged,

  ARCHIVE_NOT_FOUND: kind<InArchive>(2, () => `Run "pkg list" to see which packages the store holds.`),
  ARCHIVE_UNREADABLE: kind<InArchive & { readonly found?: string }>(5, (d) =>
    d.found === "directory"
      ? `Pack the folder, "pkg pack --src ${shown(d.archive)}", and name the archive or the package id instead.`
      : `Run "ls -l ${shown(d.archive)}" and make it a readable file.`,
  ),
  ARCHIVE_DIGEST_MISMATCH: kind<InArchive & { readonly expected: string; readonly actual: string }>(
    3,
    (d) =>
      `Run "sha256sum ${shown(d.archive)}" and fetch the archive again; its digest should be ${d.expected}.`,
  ),
  ARCHIVE_CHANGED: kind<InArchive>(
    3,
    (d) => `Run "sha256sum ${shown(d.archive)}" to see which bytes it holds now, then start again.`,
  ),
  ARCHIVE_MANIFEST_MISSING: kind<InArchive>(
    2,
    () => `Run "pkg init --help" to see how a package declares itself.`,
  ),
  ARCHIVE_SOURCE_CHANGED: kind<AtPath>(
    5,
    (d) => `Stop whatever writes ${shown(d.path)}, then run the same "pkg pack" again.`,
  ),
  ARCHIVE_EXISTS: kind<InArchive>(
    3,
    (d) => `Run "ls -l ${shown(d.archive)}", and remove it if it is not needed.`,
  ),
  ARCHIVE_WRITE_FAILED: kind<InArchive>(
    5,
    () => `Run "df -h" and free space, then run the same "pkg" command again.`,
  ),
  ARCHIVE_STAGING: kind<{ readonly destination: string; readonly path?: string; readonly reason?: string }>(
    5,
    (d) => `Run "ls -la ${shown(d.destination)}" and empty that directory, then run the same command again.`,
  ),
});
