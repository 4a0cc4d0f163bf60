/** Health checks a package declares; each is really run, in a jail, before a change is committed. */
import { z } from "zod";

export const HEALTH_TIMEOUT_MS = 30_000;

const Id = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+([._-][a-z0-9]+)*$/, "must be lower-case words joined by . _ or -");
const TimeoutMs = z.int().min(1).max(600_000).optional();
/** The first word is `python`, `node`, or a plane-relative path of the package; never searched in PATH. */
const Argv = z
  .array(
    z
      .string()
      .min(1)
      .max(4096)
      .refine((word) => !word.includes("\0"), "must not contain NUL"),
  )
  .min(1)
  .max(64);

export const HealthCheck = z.discriminatedUnion("kind", [
  /** A Python module that must import. */
  z.strictObject({
    id: Id,
    kind: z.literal("import"),
    module: z
      .string()
      .max(256)
      .regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/, "must be a dotted Python module name"),
    timeout_ms: TimeoutMs,
  }),
  /** A command that must exit with `exit_code` (default 0). */
  z.strictObject({
    id: Id,
    kind: z.literal("command"),
    argv: Argv,
    exit_code: z.int().min(0).max(255).optional(),
    timeout_ms: TimeoutMs,
  }),
  /**
   * A program speaking the pipe contract: it gets `{"operation":"health","nonce":…}` on stdin and must answer with status `ok`
   * and the same nonce in `result.nonce`, so that no cache can answer for it.
   */
  z.strictObject({ id: Id, kind: z.literal("pipe"), argv: Argv, timeout_ms: TimeoutMs }),
  /** A file of the package that must be there with its recorded bytes. */
  z.strictObject({ id: Id, kind: z.literal("file"), path: z.string().min(1).max(1024) }),
]);
export type HealthCheck = z.output<typeof HealthCheck>;

export const HEALTH_IDS_DIFFER = "ids of health checks must differ";

export const Health = z
  .strictObject({ checks: z.array(HealthCheck).min(1).max(100) })
  .superRefine(({ checks }, context) => {
    const ids = checks.map(({ id }) => id);
    for (const [index, id] of ids.entries())
      if (ids.indexOf(id) !== index)
        context.addIssue({ code: "custom", message: HEALTH_IDS_DIFFER, path: ["checks", index, "id"] });
  });
export type Health = z.output<typeof Health>;
