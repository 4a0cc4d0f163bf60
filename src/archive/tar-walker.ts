/**
 * Walks a tar stream that arrives in chunks and reports its members. Holds one record and one name, never a file.
 * Every rule about what a member may be is in `MemberRules`; this file knows only where things are.
 */

import { END_PADDING_BYTES_MAX, META_BYTES_MAX } from "./limits.ts";
import type { Member, MemberRules } from "./member-rules.ts";
import { decodeHeader, type Header, hasNoLink, type Refusal } from "./tar-decode.ts";
import { isZero, paddedBytes, RECORD_BYTES } from "./tar-format.ts";

export interface TarSink {
  /** `raw`: the header records exactly as they stand in the archive, long-name and pax records included. */
  member(member: Member, raw: Buffer): void;
  /** Content of the last member announced. The bytes are only lent: they change after this returns. */
  content(bytes: Buffer): void;
  /** All content of the last member has been given. Called for files only, empty ones too. */
  memberEnd(): void;
  /** False where bytes that carry no meaning (padding) are not zero. */
  padding(is_zero: boolean): void;
}

type State = "header" | "meta" | "content" | "padding" | "end";

export class TarWalker {
  readonly #rules: MemberRules;
  readonly #refusal: Refusal;
  readonly #sink: TarSink;
  #state: State = "header";
  /** Bytes of the current state still to come. */
  #left = RECORD_BYTES;
  #padding_left = 0;
  /** Start of a record or meta body that is split between chunks. */
  #partial: Buffer[] = [];
  /** Records that belong to the next member. */
  #raw: Buffer[] = [];
  #meta: Header | undefined;
  #zero_records = 0;
  #end_bytes = 0;
  tar_bytes = 0;

  constructor(rules: MemberRules, refusal: Refusal, sink: TarSink) {
    this.#rules = rules;
    this.#refusal = refusal;
    this.#sink = sink;
  }

  /** Bytes from the first zero record to the end of the stream. */
  get end_bytes(): number {
    return this.#end_bytes;
  }

  /** Bytes at the end of what was pushed that start a member whose header is not complete yet. */
  get open_header_bytes(): number {
    return [...this.#raw, ...this.#partial].reduce((sum, part) => sum + part.length, 0);
  }

  push(chunk: Buffer): void {
    this.tar_bytes += chunk.length;
    for (let at = 0; at < chunk.length; ) {
      if (this.#state === "end") return this.#afterEnd(chunk.subarray(at));
      const part = chunk.subarray(at, at + this.#left);
      at += part.length;
      this.#left -= part.length;
      this.#take(part);
    }
  }

  finish(): void {
    const at_record = this.#state === "header" && this.#left === RECORD_BYTES;
    if (this.tar_bytes === 0) throw this.#refusal.make("ARCHIVE_TAR_EMPTY", "the archive holds no tar");
    if (this.#state !== "end") {
      const why = at_record ? "the tar has no end records" : "the tar ends inside a member";
      throw this.#refusal.make("ARCHIVE_TAR_TRUNCATED", why);
    }
    if (this.#end_bytes % RECORD_BYTES !== 0) {
      throw this.#refusal.make("ARCHIVE_TAR_TRUNCATED", "the tar ends inside a record");
    }
  }

  #take(part: Buffer): void {
    if (this.#state === "content") {
      this.#sink.content(part);
      if (this.#left === 0) this.#memberEnd();
    } else if (this.#state === "padding") {
      this.#sink.padding(isZero(part));
      if (this.#left === 0) this.#expectHeader();
    } else {
      const whole = this.#gather(part);
      if (whole === undefined) return;
      if (this.#state === "header") this.#header(whole);
      else this.#metaBody(whole);
    }
  }

  /** The whole record, once its last byte is here; a copy only where chunks split it. */
  #gather(part: Buffer): Buffer | undefined {
    if (this.#left > 0) {
      this.#partial.push(Buffer.from(part));
      return undefined;
    }
    if (this.#partial.length === 0) return part;
    const whole = Buffer.concat([...this.#partial, part]);
    this.#partial = [];
    return whole;
  }

  #header(record: Buffer): void {
    if (isZero(record)) return this.#zeroRecord();
    if (this.#zero_records > 0) {
      throw this.#refusal.make("ARCHIVE_TRAILING_DATA", "data follows an end record");
    }
    const header = decodeHeader(record, this.#refusal);
    this.#rules.countEntry();
    if ("xgLK".includes(header.type)) {
      this.#rules.meta(header);
      if (header.size_bytes > META_BYTES_MAX) {
        throw this.#refusal.make(
          "ARCHIVE_META_TOO_LARGE",
          `a name record has ${header.size_bytes} bytes, ${META_BYTES_MAX} allowed`,
        );
      }
      this.#meta = header;
      this.#raw.push(Buffer.from(record));
      return this.#enter("meta", paddedBytes(header.size_bytes));
    }
    const member = this.#rules.member(header, hasNoLink(record));
    const raw = this.#raw.length === 0 ? record : Buffer.concat([...this.#raw, record]);
    this.#raw = [];
    if (member === undefined) return this.#expectHeader();
    this.#sink.member(member, raw);
    if (member.kind === "directory") return this.#expectHeader();
    this.#padding_left = paddedBytes(member.size_bytes) - member.size_bytes;
    if (member.size_bytes === 0) return this.#memberEnd();
    this.#enter("content", member.size_bytes);
  }

  #metaBody(body: Buffer): void {
    const size_bytes = this.#meta?.size_bytes ?? 0;
    this.#raw.push(Buffer.from(body));
    if (this.#meta) this.#rules.metaBody(this.#meta, Buffer.from(body.subarray(0, size_bytes)));
    this.#expectHeader();
  }

  #memberEnd(): void {
    this.#sink.memberEnd();
    if (this.#padding_left > 0) this.#enter("padding", this.#padding_left);
    else this.#expectHeader();
  }

  #zeroRecord(): void {
    this.#rules.end();
    this.#zero_records += 1;
    this.#end_bytes += RECORD_BYTES;
    if (this.#zero_records < 2) return this.#expectHeader();
    this.#enter("end", 0);
  }

  #afterEnd(bytes: Buffer): void {
    this.#end_bytes += bytes.length;
    if (!isZero(bytes) || this.#end_bytes > END_PADDING_BYTES_MAX) {
      throw this.#refusal.make("ARCHIVE_TRAILING_DATA", "data follows the end records");
    }
  }

  #expectHeader(): void {
    this.#enter("header", RECORD_BYTES);
  }

  #enter(state: State, bytes: number): void {
    this.#state = state;
    this.#left = bytes;
    // A name record without a body ends where it starts.
    if (state === "meta" && bytes === 0) this.#metaBody(Buffer.alloc(0));
  }
}
