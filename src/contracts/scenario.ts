/** A scenario: a scripted life of packages in a plane of their own, with what must be so after each step. TOML on disk. */
import { z } from "zod";
import { Version, VersionRange } from "./atoms.ts";
import { Namespace } from "./plugin.ts";
import { REGISTRY_NAMES } from "./registry-rows.ts";

const Slug = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/, "must be lower-case words joined by . _ or -");
/** Plane-relative; `*` and `**` as everywhere. */
const Glob = z
  .string()
  .min(1)
  .max(512)
  .regex(
    // oxlint-disable-next-line no-control-regex -- a line break would hide what follows it from the rule before
    /^(?!\/)(?!.*(^|\/)\.\.?(\/|$))[^\0-\x1f\\]+$/,
    "must be a plane-relative path without . or .. parts",
  );
const Pointer = z
  .string()
  .max(512)
  .regex(/^(\/[^/]*)*$/, "must be a JSON pointer such as /result/text");
const Reason = z.string().trim().min(8).max(1024);

/** Where the bytes of a package come from: exactly one of `source`, `archive` and `generate`. */
export const ScenarioPackage = z
  .strictObject({
    source: z.string().min(1).max(1024).optional().describe("Folder to pack, relative to the scenario."),
    archive: z.string().min(1).max(1024).optional().describe("Archive, relative to the scenario."),
    generate: z
      .strictObject({
        files: z.int().min(1).max(100_000).default(3).describe("How many files."),
        size_bytes: z
          .int()
          .min(0)
          .max(1 << 26)
          .default(64)
          .describe("Bytes of each file."),
        name: Slug.optional().describe(
          "Its name, from which its id follows; default: that of the package here.",
        ),
        plugin: z.boolean().default(false).describe("Whether it is a plugin that can be run."),
        broken: Slug.optional().describe("One way to be broken; a word that is none names them all."),
      })
      .optional()
      .describe("A package made up for the scenario."),
    version: Version.optional().describe("Version it is packed under, in place of its own."),
    edits: z
      .array(
        z.strictObject({ path: Glob, find: z.string().min(1).max(65_536), replace: z.string().max(65_536) }),
      )
      .max(64)
      .default([])
      .describe("Text replaced in its source before it is packed: how a next version differs."),
  })
  .refine(
    ({ source, archive, generate }) =>
      [source, archive, generate].filter((one) => one !== undefined).length === 1,
    "names exactly one of source, archive and generate",
  );
export type ScenarioPackage = z.output<typeof ScenarioPackage>;

/** One answer of the recorded API; requests are matched by method and path, in order, the last one again and again. */
export const RecordedAnswer = z.strictObject({
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]).default("GET"),
  path: z.string().max(2048).regex(/^\//, "must begin with /"),
  status: z.int().min(100).max(599).default(200),
  headers: z.record(z.string().max(256), z.string().max(4096)).default({}),
  json: z.json().optional().describe("Body, as JSON."),
  text: z
    .string()
    .max(1 << 20)
    .optional()
    .describe("Body, as text."),
  file: z
    .string()
    .min(1)
    .max(1024)
    .optional()
    .describe("Body: the bytes of this file, relative to the scenario."),
  latency_ms: z.int().min(0).max(60_000).default(0),
  fail: z
    .enum(["reset", "stall", "cut"])
    .optional()
    .describe("Close at once, never answer, or close in the middle of the body."),
});
export type RecordedAnswer = z.output<typeof RecordedAnswer>;

export const RecordedApi = z.strictObject({
  domain: z
    .string()
    .min(1)
    .max(260)
    .describe("Name under which plugins find it; it leads to the loopback device."),
  answers: z.array(RecordedAnswer).min(1).max(256),
});
export type RecordedApi = z.output<typeof RecordedApi>;

/** What must be so after a step. What is not named may be anything, but for the invariants, which always hold. */
export const Expectation = z.strictObject({
  exit_code: z.int().min(0).max(255).default(0),
  fault: z.string().max(128).optional().describe("Code of the fault."),
  state: z
    .record(Slug, z.union([Version, z.literal("absent")]))
    .optional()
    .describe("Installed version by package of the scenario."),
  plugins: z
    .record(Namespace, z.enum(["absent", "installed", "enabled", "disabled"]))
    .optional()
    .describe("State by namespace."),
  files: z
    .strictObject({ present: z.array(Glob).max(256).default([]), absent: z.array(Glob).max(256).default([]) })
    .optional(),
  rows: z
    .array(
      z.strictObject({
        registry: z.enum(REGISTRY_NAMES),
        where: z.record(z.string(), z.string()),
        has: z.record(z.string(), z.string()).default({}),
        count: z.int().min(0).max(1_000_000).optional(),
      }),
    )
    .max(64)
    .optional(),
  events: z
    .array(z.string().max(128))
    .max(64)
    .optional()
    .describe("Types of ledger entries this step wrote, in order within each ledger, others between them."),
  output: z.json().optional().describe("JSON the answer must hold; fields not named may be anything."),
  patterns: z.record(Pointer, z.string().max(1024)).optional().describe("Regular expressions by pointer."),
  tolerances: z
    .record(Pointer, z.strictObject({ value: z.number(), within: z.number().min(0) }))
    .optional()
    .describe("Numbers by pointer, and how far off they may be."),
});
export type Expectation = z.output<typeof Expectation>;

const common = {
  id: Slug.optional().describe("Name of the step; default: what it does, and a number where needed."),
  title: z.string().max(200).optional(),
  expect: Expectation.prefault({}),
};
const one = { package: Slug.describe("A package of the scenario.") };
const some = { packages: z.array(Slug).min(1).max(64) };

const install = z.strictObject({
  do: z.literal("install"),
  ...common,
  ...some,
  dry_run: z.boolean().default(false),
});
const update = z.strictObject({
  do: z.literal("update"),
  ...common,
  ...some,
  to: VersionRange.optional(),
  allow_downgrade: z.boolean().default(false),
});
const rollback = z.strictObject({ do: z.literal("rollback"), ...common, ...one, to: Version.optional() });
const uninstall = z.strictObject({ do: z.literal("uninstall"), ...common, ...some });
const enable = z.strictObject({
  do: z.literal("enable"),
  ...common,
  ...one,
  answer: z
    .enum(["yes", "no", "none", "terminal"])
    .default("yes")
    .describe(
      "To the question of permissions: a second look and a yes, a no, no answer, or typed at a terminal.",
    ),
  approve: z
    .boolean()
    .default(true)
    .describe("Whether a second person stands for what is above the profile."),
});
const disable = z.strictObject({ do: z.literal("disable"), ...common, ...one, reason: Reason.optional() });
const configure = z.strictObject({
  do: z.literal("configure"),
  ...common,
  ...one,
  settings: z.record(z.string().max(256), z.json()),
});
const execute = z.strictObject({
  do: z.literal("execute"),
  ...common,
  ...one,
  action: Slug,
  input: z.json().default({}),
  timeout_ms: z.int().min(1).max(3_600_000).optional(),
});
const preflight = z.strictObject({ do: z.literal("preflight"), ...common, ...one });
const tamper = z.strictObject({
  do: z.literal("tamper"),
  ...common,
  path: Glob,
  how: z.enum(["flip", "truncate", "append", "delete", "add", "symlink", "executable"]),
  undo: z.boolean().default(true).describe("Put it back once the finding was seen."),
});
const restart = z.strictObject({ do: z.literal("restart"), ...common });

/** What can be killed, and what can run at once. */
const Change = z.discriminatedUnion("do", [install, update, rollback, uninstall, execute]);
const crash = z.strictObject({
  do: z.literal("crash"),
  ...common,
  at: z.string().min(1).max(256).describe("Failure point, as pkg failpoints lists them."),
  during: Change.describe("The step that is killed there."),
});
const concurrent = z.strictObject({
  do: z.literal("concurrent"),
  ...common,
  steps: z.array(Change).min(2).max(16).describe("Each in a process of its own, all at once."),
});

export const ScenarioStep = z.discriminatedUnion("do", [
  install,
  configure,
  execute,
  update,
  rollback,
  uninstall,
  enable,
  disable,
  preflight,
  tamper,
  crash,
  restart,
  concurrent,
]);
export type ScenarioStep = z.output<typeof ScenarioStep>;
export type ChangeStep = z.output<typeof Change>;

export const Scenario = z
  .strictObject({
    schema_version: z.literal("1.0"),
    name: Slug,
    title: z.string().max(200).optional(),
    canonical: Slug.optional().describe(
      "Takes the steps of the canonical scenario for this package; configuration and recorded answers come from here.",
    ),
    required: z.boolean().default(true).describe("Whether the release gate asks for it."),
    now: z.iso.datetime().optional().describe("Time of the plane when it begins; it goes on from there."),
    before: z.array(Slug).max(64).default([]).describe("Packages installed before the first step."),
    packages: z.record(Slug, ScenarioPackage),
    settings: z
      .record(z.string().max(256), z.json())
      .default({})
      .describe("Configuration of the canonical scenario."),
    apis: z.array(RecordedApi).max(16).default([]),
    configuration: z
      .array(
        z.strictObject({
          path: z.string().regex(/^config\/[a-z0-9_-]+\.toml$/, "must be a file such as config/broker.toml"),
          text: z.string().max(65_536).describe("${api:DOMAIN} stands for where that recorded API answers."),
        }),
      )
      .max(16)
      .default([])
      .describe("Files an operator wrote and recorded before the first step."),
    inject: z
      .array(
        z.strictObject({
          step: Slug,
          at: z.string().min(1).max(256).describe("Failure point, as pkg failpoints lists them."),
          action: z.string().min(1).max(64).describe("What happens there: error:EIO, error:ENOSPC, kill…"),
        }),
      )
      .max(64)
      .default([]),
    explained: z
      .array(z.strictObject({ path: Glob, why: Reason }))
      .max(64)
      .default([])
      .describe("Differences that may stay at the end, and why."),
    normalise: z
      .array(
        z.strictObject({
          pointer: Pointer.regex(
            /^\/(output|events|changes|contents)(\/|$)/,
            "must begin with /output, /events, /changes or /contents",
          )
            .optional()
            .describe(
              "Below /output, /events or /changes; /contents and a path is a file, for golden flaky.",
            ),
          pattern: z.string().max(512).optional(),
          with: z.string().max(128),
        }),
      )
      .max(64)
      .default([])
      .describe("What varies and may: replaced before a recording, or another run, is compared."),
    record: z.boolean().default(false).describe("Whether a recording beside the scenario must be matched."),
    steps: z.array(ScenarioStep).max(256).default([]),
  })
  .meta({ id: "Scenario", title: "Scenario of the golden harness" });
export type Scenario = z.output<typeof Scenario>;
