/** Which texts of ledger lines and receipts can be looked up, and the number each is stored under. */
import type { Installed } from "../receipts/index.ts";

/** Ids (`PKG-…`, `LED-…`, `TX-…`, `SPEC-…`) and digests in hex, with or without `sha256:`. */
const LOOKED_UP = /^(?:[A-Z]{2,12}-[A-Za-z0-9@.:_-]{1,160}|(?:sha256:)?[0-9a-f]{64})$/;

export const isLookedUp = (text: string): boolean => LOOKED_UP.test(text);

/** 52 bits: few enough for a number, and what shares one by chance is told apart by reading the line. */
export function tokenOf(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (let at = text.startsWith("sha256:") ? 7 : 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ (code + 0x7f), 0x85ebca6b);
    high ^= high >>> 13;
  }
  return (high >>> 12) * 0x1_0000_0000 + (low >>> 0);
}

/** What a receipt is asked for by besides its paths: every digest in it, and its transaction. */
export function tokensOfReceipt({ receipt }: Installed): Set<number> {
  const { transaction_id, archive_hash, manifest_hash, content_digest, files } = receipt;
  const texts = [transaction_id, archive_hash, manifest_hash, content_digest];
  return new Set([...texts, ...files.map(({ sha256 }) => sha256)].map(tokenOf));
}

const DEPTH_MAX = 5;

export interface EntryTokens {
  /** Ids and digests: few lines hold one, and each is kept. */
  readonly named: ReadonlySet<number>;
  /** Any other text: it may stand on every line, so only the blocks of lines that hold it are kept. */
  readonly words: ReadonlySet<number>;
}

/** Tokens of one entry: its id, its hash, words of its subject, and texts anywhere in its metadata. */
export function tokensOf(entry: Readonly<Record<string, unknown>>): EntryTokens {
  const named = new Set<number>();
  const words = new Set<number>();
  const take = (text: unknown): void => {
    if (typeof text === "string") (isLookedUp(text) ? named : words).add(tokenOf(text));
  };
  take(entry["id"]);
  take(entry["entry_hash"]);
  if (typeof entry["submission_id"] === "string")
    for (const word of entry["submission_id"].split(/[\s,]+/)) take(word);
  const walk = (value: unknown, depth: number): void => {
    if (typeof value === "string") take(value);
    else if (typeof value === "object" && value !== null && depth > 0)
      for (const member of Object.values(value)) walk(member, depth - 1);
  };
  walk(entry["metadata"], DEPTH_MAX);
  return { named, words };
}
