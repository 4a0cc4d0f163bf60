/** Values that appear in several formats. Each is refused, never repaired. */
import { z } from "zod";

/** `PKG-T1-RUNTIME-001`, `PKG-FMWK-100`: upper-case words joined by single hyphens, at most 128 characters. */
export const PackageId = z
  .string()
  .max(128)
  .regex(/^PKG(-[A-Z0-9]+)+$/, "must look like PKG-T1-NAME-001");
export const SpecId = z
  .string()
  .max(128)
  .regex(/^SPEC(-[A-Z0-9]+)+$/, "must look like SPEC-NAME-001");
export const FrameworkId = z
  .string()
  .max(128)
  .regex(/^FMWK(-[A-Z0-9]+)+$/, "must look like FMWK-100");

/** Package tiers, lowest first: a package depends only on its own tier or lower. */
export const PACKAGE_TIERS = ["G0", "T0", "T1", "T2", "T3"] as const;
export const PackageTier = z.enum(PACKAGE_TIERS);
export type PackageTier = z.output<typeof PackageTier>;

/** Plane tiers, highest first; `ho3` is the plane root. */
export const PLANE_TIERS = ["ho3", "ho2", "ho1"] as const;
export const PlaneTier = z.enum(PLANE_TIERS);
export type PlaneTier = z.output<typeof PlaneTier>;

export const CLASSIFICATIONS = [
  "code",
  "config",
  "schema",
  "policy",
  "framework",
  "test",
  "doc",
  "data",
  "state",
] as const;
export const Classification = z.enum(CLASSIFICATIONS);
export type Classification = z.output<typeof Classification>;

export const HexDigest = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");
export const PrefixedDigest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, "must be sha256: and 64 lower-case hex digits");

/** Semantic version 2.0.0, at most 64 characters, without a leading "v". */
export const Version = z
  .string()
  .max(64)
  .regex(
    /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/,
    "must be a semantic version such as 1.2.0",
  );
/** Semver range; its grammar is judged by the semver library where it is used. */
export const VersionRange = z.string().min(1).max(128);

const SPREADSHEET_FORMULA = /^[=+\-@\t\r]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** One line of text that may become a CSV cell: no control characters, nothing a spreadsheet would execute. */
export const CellText = z
  .string()
  .max(1024)
  .refine((text) => !CONTROL.test(text), "must not contain control characters")
  .refine(
    (text) => !SPREADSHEET_FORMULA.test(text),
    "must not start with = + - @ (a spreadsheet would execute it)",
  )
  .refine((text) => text.isWellFormed(), "must be valid Unicode");

/** ISO 8601 in UTC, as Python's isoformat writes it or with Z. */
export const Timestamp = z.iso.datetime({ offset: true });
