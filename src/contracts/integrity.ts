/** The report of `integrity-check`. Keys of the older tool are kept (facts, integrity section) and extended. */
import { z } from "zod";
import { Classification } from "./atoms.ts";
import { Finding } from "./finding.ts";

/** One verdict per governed path (design, G6); `cache` is bytecode that equals a compile of its source. */
export const PathVerdict = z.enum([
  "match",
  "drift",
  "missing",
  "unowned",
  "source",
  "cache",
  "not_verifiable",
]);
export type PathVerdict = z.output<typeof PathVerdict>;

const Count = z.int().nonnegative();

/** What the ledger last recorded of whoever answers for a path. */
export const Cause = z.strictObject({
  /** `INSTALLED`, `UPDATED`, `registry_edited`… */
  event: z.string(),
  at: z.string(),
  by: z.string().nullable(),
  transaction_id: z.string().nullable(),
  /** Plane-relative stream and id of the entry that says so. */
  stream: z.string(),
  entry_id: z.string(),
});
export type Cause = z.output<typeof Cause>;

/** A path that needs words: everything but match, and source and cache only where they were asked for. */
export const JudgedPath = z.strictObject({
  /** Plane-relative. */
  path: z.string(),
  verdict: PathVerdict,
  /** Package id, `holdfast` for the launchers, an artifact id, or null. */
  owner: z.string().nullable(),
  classification: Classification.nullable(),
  /** What was recorded: 64 hex digits, followed by ` executable` where it is; null where nothing was. */
  expected: z.string().nullable(),
  /** What is there, in the same form, or a word such as `symlink`; null where nothing is or it was not read. */
  actual: z.string().nullable(),
  /** Left out where the ledger knows nothing about it. */
  cause: Cause.optional(),
  /** A command that works when pasted; left out where nothing needs to be done or no command does it. */
  cure: z.string().optional(),
  /** Unified diff from what was recorded to what is there; left out where it cannot or must not be shown. */
  diff: z.string().optional(),
});
export type JudgedPath = z.output<typeof JudgedPath>;

export const LedgerState = z.strictObject({
  /** Plane-relative path of the stream. */
  stream: z.string(),
  valid: z.boolean(),
  entries_count: Count,
  covered_count: Count,
  uncovered_count: Count,
  head: z.enum(["match", "behind", "missing", "mismatch", "ahead", "unusable"]),
  torn_tails: z.array(z.string()),
});
export type LedgerState = z.output<typeof LedgerState>;

export const RegistryState = z.strictObject({
  /** Plane-relative path of the file. */
  path: z.string(),
  /** False when any error finding is about this file. */
  valid: z.boolean(),
  /** Its bytes are not those of the last transaction. */
  edited: z.boolean(),
  /** 64 hex digits; null when it is missing. */
  sha256: z.string().nullable(),
});
export type RegistryState = z.output<typeof RegistryState>;

/** How many paths have each verdict. */
const VerdictCounts = z.strictObject({
  match: Count,
  drift: Count,
  missing: Count,
  unowned: Count,
  source: Count,
  cache: Count,
  not_verifiable: Count,
  total: Count,
});
export type VerdictCounts = z.output<typeof VerdictCounts>;

export const IntegrityReport = z
  .strictObject({
    schema_version: z.literal("2.0"),
    /** The only clock reading in the report. */
    timestamp: z.string(),
    /** No finding of severity `error`. */
    healthy: z.boolean(),
    /** Name of the plane; null when it could not be read. */
    plane: z.string().nullable(),
    generation: Count.nullable(),
    /** Tree hash over names, bytes and executable bits of all verified files (see `merkle.ts`); null when there are none. */
    merkle_root: z.string().nullable(),
    /** Paths whose bytes were read and equal what was recorded. */
    verified_count: Count,
    counts: VerdictCounts,
    /** `fast`: bytes of files whose size, times and inode are those of an earlier check were not read again. */
    mode: z.enum(["full", "fast"]),
    /** Files whose bytes were read, and files believed for their unchanged stat. */
    hashed_count: Count,
    trusted_count: Count,
    /** Findings that somebody answers for; they are listed and do not fail. */
    waived_count: Count,
    receipts_count: Count,
    /** Artifacts of control_plane_registry, by id. */
    valid: z.array(z.string()),
    invalid: z.array(z.strictObject({ id: z.string(), expected: z.string(), actual: z.string() })),
    missing: z.array(z.strictObject({ id: z.string(), path: z.string() })),
    no_hash: z.array(z.string()),
    chain_errors: z.array(z.strictObject({ id: z.string(), link_type: z.string(), target: z.string() })),
    chain_error_count: Count,
    /** Unowned paths. Other than in the older tool, one is enough to be unhealthy. */
    orphans: z.array(z.string()),
    orphan_count: Count,
    paths: z.array(JudgedPath),
    /** The plane's own truth: registries, receipts, ledgers, archives, configuration. `records` lists all but `match`. */
    record_counts: VerdictCounts,
    records: z.array(JudgedPath),
    ledger: z.array(LedgerState),
    registries: z.array(RegistryState),
    /** Errors first, then by path, line and code. */
    findings: z.array(Finding),
    /** Why nothing could be checked. */
    error: z
      .strictObject({
        code: z.string(),
        message: z.string(),
        next_step: z.string(),
        details: z.record(z.string(), z.json()),
      })
      .optional(),
  })
  .meta({ id: "IntegrityReport", title: "Integrity report 2.0" });
export type IntegrityReport = z.output<typeof IntegrityReport>;
