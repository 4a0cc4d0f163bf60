/**
 * npm's tar reads the same bytes beside our reader. What one reader sees and another does not is how archives smuggle
 * files past a check (CVE-2025-62518, CVE-2026-33055), so a difference refuses the archive. It never decides alone.
 *
 * Contents are compared byte by byte as they stream past: both readers see the same memory, so that costs a twentieth of
 * hashing them again. Equal sizes member by member and one equal stream of content mean equal files.
 */
import type { Parser } from "tar";
import { META_BYTES_MAX } from "./limits.ts";
import type { Refusal } from "./tar-decode.ts";
import type { MemberShape } from "./tar-encode.ts";

const NOTHING = Buffer.alloc(0);
const KNOWN_TYPES = new Set(["File", "OldFile", "Directory"]);

export class SecondReader {
  readonly #parser: Parser;
  readonly #seen: MemberShape[] = [];
  /** Content our reader saw and this one has not reported yet. */
  readonly #expected: Buffer[] = [];
  #held: Buffer = NOTHING;
  #complaint: string | undefined;

  private constructor(parser: typeof Parser) {
    this.#parser = new parser({
      strict: true,
      maxMetaEntrySize: META_BYTES_MAX,
      onReadEntry: (entry) => {
        const shown = JSON.stringify(entry.path);
        if (!KNOWN_TYPES.has(entry.type)) this.#complaint ??= `it sees a ${entry.type} at ${shown}`;
        const kind = entry.type === "Directory" ? "directory" : "file";
        const path = plainPath(entry.path, kind);
        const executable = ((entry.mode ?? 0) & 0o100) !== 0;
        // The entry `./` is the place to unpack into, not a member.
        if (path !== "") this.#seen.push({ path, kind, executable, size_bytes: entry.size });
        entry.on("data", (bytes: Buffer) => this.#match(bytes, entry.path));
      },
    });
    this.#parser.on("error", (error: Error) => {
      this.#complaint ??= `it says ${JSON.stringify(error.message)}`;
    });
  }

  /** Loaded only when an archive is read. */
  static async create(): Promise<SecondReader> {
    const { Parser } = await import("tar");
    return new SecondReader(Parser);
  }

  /** Content our reader found in the chunk that `push` is given next. */
  expect(bytes: Buffer): void {
    this.#expected.push(bytes);
  }

  /**
   * `open_header_bytes`: how much of the end belongs to a header that goes on in the next chunk. It waits for the rest,
   * because npm's parser garbles a non-ASCII name that two chunks split.
   */
  push(chunk: Buffer, open_header_bytes: number): void {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const end = bytes.length - open_header_bytes;
    this.#held = open_header_bytes === 0 ? NOTHING : Buffer.from(bytes.subarray(end));
    if (this.#complaint === undefined && end > 0) this.#parser.write(bytes.subarray(0, end));
  }

  /** @throws ARCHIVE_AMBIGUOUS unless it saw exactly `members` and the content expected. */
  async finish(members: readonly MemberShape[], refusal: Refusal): Promise<void> {
    if (this.#complaint === undefined) {
      const ended = new Promise((resolve) => this.#parser.once("end", resolve).once("error", resolve));
      this.#parser.end();
      await ended;
    }
    this.#complaint ??= difference(this.#seen, members);
    if (this.#expected.length > 0) this.#complaint ??= "it sees less content";
    if (this.#complaint !== undefined) {
      throw refusal.make("ARCHIVE_AMBIGUOUS", `another tar reader disagrees: ${this.#complaint}`);
    }
  }

  #match(bytes: Buffer, path: string): void {
    for (let rest = bytes; rest.length > 0; ) {
      const expected = this.#expected[0];
      const length = Math.min(rest.length, expected?.length ?? 0);
      if (!expected?.subarray(0, length).equals(rest.subarray(0, length)) || length === 0) {
        this.#complaint ??= `it sees other content in ${JSON.stringify(path)}`;
        return;
      }
      if (length === expected.length) this.#expected.shift();
      else this.#expected[0] = expected.subarray(length);
      rest = rest.subarray(length);
    }
  }
}

function plainPath(path: string, kind: "file" | "directory"): string {
  const rooted = path === "." ? "" : path.startsWith("./") ? path.slice(2) : path;
  return kind === "directory" && rooted.endsWith("/") ? rooted.slice(0, -1) : rooted;
}

function difference(seen: readonly MemberShape[], members: readonly MemberShape[]): string | undefined {
  for (const [i, member] of members.entries()) {
    const other = seen[i];
    const same =
      other?.path === member.path &&
      other.kind === member.kind &&
      other.executable === member.executable &&
      other.size_bytes === member.size_bytes;
    if (!same)
      return `member ${i + 1} is ${JSON.stringify(member)} to us, ${JSON.stringify(other ?? null)} to it`;
  }
  return seen.length === members.length
    ? undefined
    : `it sees ${seen.length} members, we see ${members.length}`;
}
