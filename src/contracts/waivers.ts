import { z } from "zod";

/** `config/waivers.toml`: findings that somebody answers for until a day. Each member is required, so that each is asked for. */
export const Waiver = z.strictObject({
  /** Code of a finding, with `*` for any run of characters. */
  code: z.string().min(1).max(128),
  /** Glob of plane-relative paths; every path where it is left out. */
  path: z.string().min(1).max(1024).optional(),
  owner: z.string().trim().min(1).max(128),
  reason: z.string().trim().min(1).max(1024),
  /** Last day on which it holds, in UTC. */
  expires: z.iso.date(),
});
export type Waiver = z.output<typeof Waiver>;
