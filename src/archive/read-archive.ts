/** One pass over a .tar.gz that judges everything and writes nothing. */
import type { Effects } from "../effects/index.ts";
import { bare, type Hex, sha256Stream } from "../kernel/index.ts";
import { CanonicalJudge } from "./canonical.ts";
import { ContentDigest } from "./content-digest.ts";
import { make } from "./faults.ts";
import { type ArchiveLimits, DEFAULT_LIMITS } from "./limits.ts";
import { MANIFEST_PATH } from "./member-order.ts";
import { type Member, MemberRules } from "./member-rules.ts";
import { readGzip } from "./read-gzip.ts";
import { SecondReader } from "./second-reader.ts";
import { Refusal } from "./tar-decode.ts";
import { type TarSink, TarWalker } from "./tar-walker.ts";

export interface ArchiveMember extends Member {
  /** Of the content; of no bytes for a directory. */
  readonly sha256: Hex;
}

export interface ArchiveListing {
  /** `canonical`: exactly the tar our writer makes of these files. `plain`: any other well-formed archive. */
  readonly profile: "canonical" | "plain";
  /** Why a plain archive is not canonical: the first reason found. */
  readonly plain_because?: string;
  /** sha256 of the .tar.gz. */
  readonly digest: Hex;
  /** sha256 of the tar inside. */
  readonly content_digest: Hex;
  readonly size_bytes: number;
  readonly tar_bytes: number;
  /** In archive order. */
  readonly members: readonly ArchiveMember[];
  /** The top-level `manifest.json`, where there is one. */
  readonly manifest_bytes?: Buffer;
  /** Content of the files `keep` asked for, by path. */
  readonly kept: ReadonlyMap<string, Buffer>;
}

export interface ReadArchiveOptions {
  readonly limits?: Partial<ArchiveLimits>;
  /** sha256 of the .tar.gz, bare or prefixed; anything else is refused. */
  readonly expected_digest?: string;
  /** Files whose bytes to return in `kept`; only those of at most `KEPT_BYTES_MAX` are asked about. */
  readonly keep?: (path: string) => boolean;
  readonly signal?: AbortSignal;
}

const KEPT_BYTES_MAX = 8 * 1024 ** 2;

/**
 * Reads and judges the archive at `path` (absolute).
 *
 * @throws ARCHIVE_*: not found or unreadable, not one whole gzip member, not a whole tar, a member that is no plain file
 * or directory, a path that breaks `checkEntryPath` or collides, a limit passed, ARCHIVE_AMBIGUOUS when npm's tar reads
 * it differently, ARCHIVE_DIGEST_MISMATCH.
 */
export async function readArchive(
  { fs }: Pick<Effects, "fs">,
  path: string,
  options: ReadArchiveOptions = {},
): Promise<ArchiveListing> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const refusal = new Refusal(path);
  const judge = new CanonicalJudge();
  const second = await SecondReader.create();
  const listing = new Listing(judge, second, options.keep);
  const walker = new TarWalker(new MemberRules(limits, refusal), refusal, listing);
  const tar_hash = sha256Stream();
  const on_chunk = (chunk: Buffer): void => {
    walker.push(chunk);
    // Only what our reader took without complaint.
    second.push(chunk, walker.open_header_bytes);
    tar_hash.update(chunk);
  };
  const gzip = await readGzip(fs, {
    path,
    refusal,
    ratio_max: limits.ratio_max,
    signal: options.signal,
    on_chunk,
  });
  walker.finish();
  checkDigest(path, gzip.digest, options.expected_digest);
  const { members, kept } = listing;
  await second.finish(members, refusal);
  const { has_canonical_header } = gzip;
  const plain_because = judge.finish({ members, end_bytes: walker.end_bytes, has_canonical_header });
  const manifest_bytes = listing.manifest;
  return {
    profile: plain_because === undefined ? "canonical" : "plain",
    ...(plain_because !== undefined && { plain_because }),
    digest: gzip.digest,
    content_digest: tar_hash.digest("hex"),
    size_bytes: gzip.size_bytes,
    tar_bytes: walker.tar_bytes,
    members,
    ...(manifest_bytes && { manifest_bytes }),
    kept,
  };
}

function checkDigest(archive: string, actual: Hex, expected: string | undefined): void {
  if (expected === undefined || bare(expected) === actual) return;
  const details = { archive, expected: bare(expected), actual };
  throw make(
    "ARCHIVE_DIGEST_MISMATCH",
    `${archive} is not the archive expected: its sha256 is ${actual}`,
    details,
  );
}

/** Builds the listing from what the walker reports. */
class Listing implements TarSink {
  readonly members: ArchiveMember[] = [];
  readonly kept = new Map<string, Buffer>();
  readonly #judge: CanonicalJudge;
  readonly #second: SecondReader;
  readonly #keep: (path: string) => boolean;
  readonly #digest = new ContentDigest();
  #member: Member | undefined;
  #keeping: Buffer[] | undefined;
  manifest: Buffer | undefined;

  constructor(judge: CanonicalJudge, second: SecondReader, keep: ((path: string) => boolean) | undefined) {
    this.#judge = judge;
    this.#second = second;
    this.#keep = keep ?? (() => false);
  }

  member(member: Member, raw: Buffer): void {
    this.#judge.member(member, raw);
    if (member.kind === "directory") this.members.push({ ...member, sha256: this.#digest.take() });
    this.#member = member;
    const wanted =
      member.path === MANIFEST_PATH || (member.size_bytes <= KEPT_BYTES_MAX && this.#keep(member.path));
    this.#keeping = member.kind === "file" && wanted ? [] : undefined;
  }

  content(bytes: Buffer): void {
    this.#second.expect(bytes);
    this.#digest.update(bytes, this.#member?.size_bytes ?? 0);
    this.#keeping?.push(Buffer.from(bytes));
  }

  memberEnd(): void {
    const member = this.#member;
    if (!member) return;
    this.members.push({ ...member, sha256: this.#digest.take() });
    if (!this.#keeping) return;
    const bytes = Buffer.concat(this.#keeping);
    if (member.path === MANIFEST_PATH) this.manifest = bytes;
    if (member.size_bytes <= KEPT_BYTES_MAX && this.#keep(member.path)) this.kept.set(member.path, bytes);
  }

  padding(is_zero: boolean): void {
    this.#judge.padding(is_zero);
  }
}
