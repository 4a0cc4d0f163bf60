import { z } from "zod";

/** Somebody answers for a finding until a day; see `config/waivers.toml`. */
export const Waived = z.strictObject({
  owner: z.string(),
  reason: z.string(),
  /** Last day on which it holds, `2026-12-31`. */
  expires: z.string(),
});
export type Waived = z.output<typeof Waived>;

/** The result of a check: returned in complete, sorted lists; only `error` makes a check fail, and not where it is waived. */
export const Finding = z.strictObject({
  code: z.string(),
  severity: z.enum(["error", "note", "info"]),
  message: z.string(),
  next_step: z.string(),
  /** Plane-relative path, where there is one. */
  path: z.string().optional(),
  /** Field, column or JSON pointer inside it. */
  field: z.string().optional(),
  line: z.int().positive().optional(),
  column: z.int().positive().optional(),
  /** Owning or concerned package. */
  package_id: z.string().optional(),
  expected: z.string().optional(),
  actual: z.string().optional(),
  waived: Waived.optional(),
});
export type Finding = z.output<typeof Finding>;
