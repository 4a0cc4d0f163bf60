/** The Python environment a package needs: a lock of wheels, each with its exact version and its digest. */
import { z } from "zod";
import { HexDigest, PrefixedDigest } from "./atoms.ts";

/** Lower-case words joined by single hyphens: a project's name as PEP 503 spells it. */
const ProjectName = z
  .string()
  .max(128)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "must be a project name in its normal form, such as typing-extensions");

/** One version and no range (PEP 440, in its normal form). */
const ExactVersion = z
  .string()
  .max(64)
  .regex(
    /^(\d+!)?\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?(\+[a-z0-9]+(\.[a-z0-9]+)*)?$/,
    "must be one exact version such as 4.12.2, without an operator",
  );

/** `<name>-<version>[-<build>]-<python>-<abi>-<platform>.whl`, as the binary distribution format names it. */
const WheelName = z
  .string()
  .max(255)
  .regex(
    /^[A-Za-z0-9_.]+-[A-Za-z0-9_.!+]+(-\d[A-Za-z0-9_.]*)?-[A-Za-z0-9_.]+-[A-Za-z0-9_.]+-[A-Za-z0-9_.]+\.whl$/,
    "must be the file name of a wheel, such as typing_extensions-4.12.2-py3-none-any.whl",
  );

const normal = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, "-");

export const LockedWheel = z
  .strictObject({ name: ProjectName, version: ExactVersion, wheel: WheelName, sha256: PrefixedDigest })
  .superRefine(({ name, version, wheel }, context) => {
    const [project = "", release = ""] = wheel.split("-");
    if (normal(project) !== name || release.replaceAll("_", "-") !== version.replaceAll("_", "-"))
      context.addIssue({
        code: "custom",
        path: ["wheel"],
        message: `must be a wheel of ${name} ${version}`,
      });
  });
export type LockedWheel = z.output<typeof LockedWheel>;

/** Everything the package imports beside the standard library and the plane; nothing is looked up beyond it. */
export const EnvironmentLock = z
  .strictObject({ requirements: z.array(LockedWheel).min(1).max(256) })
  .superRefine(({ requirements }, context) => {
    for (const [index, { name }] of requirements.entries())
      if (requirements.findIndex((one) => one.name === name) !== index)
        context.addIssue({
          code: "custom",
          path: ["requirements", index, "name"],
          message: `names ${name} a second time`,
        });
  });
export type EnvironmentLock = z.output<typeof EnvironmentLock>;

/** What a receipt keeps: which environment the package was installed with, whatever the interpreter. */
export const InstalledEnvironment = z.strictObject({
  /** Of the lock's requirements, sorted by name. */
  lock_digest: HexDigest,
  /** Of every file the wheels put in place: path, digest, executable bit. */
  content_digest: HexDigest,
});
export type InstalledEnvironment = z.output<typeof InstalledEnvironment>;

const RelativePath = z.string().min(1).max(2048);

/** `environment.json` beside an environment: every byte of it, so that a check can tell what is not as built. */
export const EnvironmentRecord = z
  .strictObject({
    environment_version: z.literal(1),
    lock_digest: HexDigest,
    content_digest: HexDigest,
    requirements: z.array(LockedWheel),
    interpreter: z.strictObject({
      /** Absolute, links resolved. */
      executable: z.string().min(1),
      version: z.string(),
      /** `cp311`. */
      abi: z.string(),
    }),
    /** Relative to the environment's folder, where the wheels' files lie. */
    site: RelativePath,
    /** Relative to the environment's folder. */
    files: z.array(
      z.strictObject({
        path: RelativePath,
        sha256: HexDigest,
        size_bytes: z.int().nonnegative(),
        executable: z.boolean(),
      }),
    ),
    /** Symbolic links and where they finally lead: absolute, or relative to the environment's folder when inside it. */
    links: z.array(z.strictObject({ path: RelativePath, leads_to: z.string().min(1) })),
  })
  .meta({ id: "EnvironmentRecord", title: "Record of a Python environment" });
export type EnvironmentRecord = z.output<typeof EnvironmentRecord>;
