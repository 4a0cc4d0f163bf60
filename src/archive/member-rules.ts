/** What a member of an archive may be, in both profiles: a regular file or a directory with a name that means one thing. */

import { pathProblem } from "./entry-path.ts";
import { PathSet } from "./entry-paths.ts";
import { make } from "./faults.ts";
import { type ArchiveLimits } from "./limits.ts";
import { MANIFEST_PATH } from "./member-order.ts";
import { type PaxFacts, parsePax } from "./pax.ts";
import { decodeName, type Header, type Refusal } from "./tar-decode.ts";
import type { MemberShape } from "./tar-encode.ts";

export type Member = MemberShape;

const REFUSED_TYPES = {
  "1": ["ARCHIVE_HARDLINK", "is a hard link"],
  "2": ["ARCHIVE_SYMLINK", "is a symbolic link"],
  "3": ["ARCHIVE_DEVICE", "is a character device"],
  "4": ["ARCHIVE_DEVICE", "is a block device"],
  "6": ["ARCHIVE_FIFO", "is a named pipe"],
  S: ["ARCHIVE_SPARSE", "is a sparse file"],
} as const;
const SPECIAL_MODE_BITS = 0o7000;

export class MemberRules {
  readonly #limits: ArchiveLimits;
  readonly #refusal: Refusal;
  readonly #paths = new PathSet();
  readonly #directories = new Set<string>();
  #entries = 0;
  #unpacked_bytes = 0;
  #pax: PaxFacts | undefined;
  #long_name: Buffer | undefined;

  constructor(limits: ArchiveLimits, refusal: Refusal) {
    this.#limits = limits;
    this.#refusal = refusal;
  }

  /** Counted before anything else is judged: a million empty records are an attack too. */
  countEntry(): void {
    this.#entries += 1;
    if (this.#entries > this.#limits.entries_max) {
      throw this.#refusal.make("ARCHIVE_TOO_MANY_ENTRIES", `more than ${this.#limits.entries_max} entries`);
    }
  }

  /** A record that describes the next member: `x`, `g`, `L` or `K`. */
  meta({ type }: Header): void {
    if (type === "K") throw this.#refusal.make("ARCHIVE_SYMLINK", "a record names the target of a link");
    if (this.#pax) {
      throw this.#refusal.make(
        "ARCHIVE_PAX_ON_META",
        `a pax header stands before a "${type}" record, not a member`,
      );
    }
    if (this.#long_name) {
      throw this.#refusal.make(
        "ARCHIVE_GNU_NAME_OVERRIDE",
        `a GNU long name is followed by a "${type}" record`,
      );
    }
  }

  metaBody({ type }: Header, body: Buffer): void {
    if (type === "g") parsePax(body, "global", this.#refusal);
    else if (type === "x") this.#pax = parsePax(body, "member", this.#refusal);
    else if (body.length < 2 || body.indexOf(0) !== body.length - 1) {
      throw this.#refusal.make("ARCHIVE_GNU_NAME_INVALID", "a GNU long name does not end with its only NUL");
    } else this.#long_name = body.subarray(0, -1);
  }

  /** The member a header announces; undefined for the entry `./`, which every reader already has. */
  member(header: Header, has_no_link: boolean): Member | undefined {
    const name = this.#name(header);
    const pax_size = this.#pax?.size_bytes;
    this.#pax = undefined;
    this.#long_name = undefined;
    this.#checkKind(header, name);
    if (!has_no_link)
      throw this.#refusal.make("ARCHIVE_TAR_FIELD", "a member that is no link has a link target", {
        path: name,
      });
    if (pax_size !== undefined && pax_size !== header.size_bytes) {
      const sizes = { path: name, header_bytes: header.size_bytes, pax_bytes: pax_size };
      throw this.#refusal.make(
        "ARCHIVE_PAX_SIZE",
        "a pax header and the member header give different sizes",
        sizes,
      );
    }
    const is_directory = header.type === "5";
    if (is_directory && (name === "./" || name === ".")) return undefined;
    const path = this.#path(name, is_directory);
    const size_bytes = header.size_bytes;
    if (is_directory) this.#addDirectory(path, size_bytes);
    else this.#addFile(path, size_bytes);
    return {
      path,
      kind: is_directory ? "directory" : "file",
      executable: (header.mode & 0o100) !== 0,
      size_bytes,
    };
  }

  /** The end records: nothing may still wait for its member. */
  end(): void {
    if (this.#pax || this.#long_name) {
      throw this.#refusal.make("ARCHIVE_META_DANGLING", "a name record describes no member");
    }
  }

  #name(header: Header): string {
    if (this.#pax?.path !== undefined) return this.#pax.path;
    if (this.#long_name === undefined) return decodeName(header.name, this.#refusal);
    // GNU tar repeats the start of the name; another one is meant for readers that ignore long names.
    if (!this.#long_name.subarray(0, header.name.length).equals(header.name)) {
      throw this.#refusal.make(
        "ARCHIVE_GNU_NAME_MISMATCH",
        "a GNU long name does not start with the member's short name",
      );
    }
    return decodeName(this.#long_name, this.#refusal);
  }

  #checkKind(header: Header, path: string): void {
    const refused = REFUSED_TYPES[header.type as keyof typeof REFUSED_TYPES];
    if (refused) throw this.#refusal.make(refused[0], `a member ${refused[1]}`, { path });
    if (header.type !== "0" && header.type !== "5") {
      throw this.#refusal.make(
        "ARCHIVE_MEMBER_KIND",
        `a member has the unknown type ${JSON.stringify(header.type)}`,
        { path },
      );
    }
    if (header.type === "0" && path.endsWith("/")) {
      throw this.#refusal.make("ARCHIVE_MEMBER_KIND", "a file is named like a directory", { path });
    }
    if (header.mode & SPECIAL_MODE_BITS) {
      throw this.#refusal.make("ARCHIVE_MODE_SPECIAL", "a member is setuid, setgid or sticky", { path });
    }
  }

  #path(name: string, is_directory: boolean): string {
    let path = name.startsWith("./") ? name.slice(2) : name;
    if (is_directory && path.endsWith("/")) path = path.slice(0, -1);
    const problem = pathProblem(path);
    if (problem) {
      throw make(problem.code, `member ${JSON.stringify(name)} ${problem.why}`, {
        path: name,
        archive: this.#refusal.archive,
      });
    }
    return path;
  }

  #addDirectory(path: string, size_bytes: number): void {
    if (size_bytes !== 0) {
      throw this.#refusal.make("ARCHIVE_TAR_FIELD", "a directory has content", { path });
    }
    if (this.#directories.has(path)) {
      throw make("ARCHIVE_PATH_DUPLICATE", `${JSON.stringify(path)} appears twice`, {
        path,
        archive: this.#refusal.archive,
      });
    }
    this.#directories.add(path);
    const fault = this.#paths.addDirectory(path);
    if (fault) throw fault;
  }

  #addFile(path: string, size_bytes: number): void {
    const { file_bytes_max, unpacked_bytes_max, manifest_bytes_max } = this.#limits;
    if (path === MANIFEST_PATH && size_bytes > manifest_bytes_max) {
      throw this.#refusal.make(
        "ARCHIVE_MANIFEST_TOO_LARGE",
        `the manifest has ${size_bytes} bytes, ${manifest_bytes_max} allowed`,
      );
    }
    if (size_bytes > file_bytes_max) {
      throw this.#refusal.make(
        "ARCHIVE_FILE_TOO_LARGE",
        `a file has ${size_bytes} bytes, ${file_bytes_max} allowed`,
        { path },
      );
    }
    this.#unpacked_bytes += size_bytes;
    if (this.#unpacked_bytes > unpacked_bytes_max) {
      throw this.#refusal.make("ARCHIVE_TOO_LARGE", `the files have more than ${unpacked_bytes_max} bytes`, {
        path,
      });
    }
    const fault = this.#paths.addFile(path);
    if (fault) throw fault;
  }
}
