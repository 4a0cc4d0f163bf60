/** The `plugin` section of a manifest: what a plugin is, can be asked, may touch, and how it is configured and proved. */
import { z } from "zod";
import { Health } from "./health.ts";

/** Lower-case words joined by `.`, `_` or `-`: how people and hosts name a plugin. */
export const Namespace = z
  .string()
  .max(128)
  .regex(/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/, "must be lower-case words joined by . _ or -");

const Id = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/, "must be lower-case words joined by . _ or -");
/** Tools, actions and probes are named alike. */
export const ToolName = Id;

export const PLUGIN_KINDS = ["node", "integration", "agent", "quality_gate"] as const;
export const PluginKind = z.enum(PLUGIN_KINDS);
export type PluginKind = z.output<typeof PluginKind>;

/** What a plugin offers. Each goes with the section of the same name, in both directions. */
export const PLUGIN_CAPABILITIES = ["actions", "config", "health", "probes"] as const;
export const PluginCapability = z.enum(PLUGIN_CAPABILITIES);
export type PluginCapability = z.output<typeof PluginCapability>;

/** What the plane offers to plugins, for `requires`. */
export const PLANE_CAPABILITIES = ["actions", "config", "health", "pipe", "probes", "workers"] as const;

/** A JSON Schema (draft 2020-12). Its own rules are judged by the json-schema room, not here. */
export const JsonSchema = z.record(z.string(), z.json());
export type JsonSchema = z.output<typeof JsonSchema>;

/**
 * One thing a plugin may touch, as text: `files.read:GLOB`, `files.write:GLOB`, `files.execute:GLOB`, `files.forbidden:GLOB`,
 * `network:DOMAIN`, `environment:NAME`, `subprocess`, `tool:NAME`, `tokens:N`, `cost:N`.
 */
export const Scope = z
  .string()
  .max(600)
  .regex(
    /^(files\.(read|write|execute|forbidden):.+|network:.+|environment:.+|subprocess|tool:.+|tokens:\d+|cost:\d+)$/,
    "must be a permission such as network:api.example.org",
  );
export type Scope = z.output<typeof Scope>;

/** Plane-relative globs; `**` crosses folders. */
const Globs = z
  .array(
    z
      .string()
      .min(1)
      .max(512)
      .regex(
        /^(?!\/)(?!.*(^|\/)\.\.?(\/|$))[^\0\\]+$/,
        "must be a plane-relative glob without . or .. parts",
      ),
  )
  .max(256);
/** A host name, or `*.` and one; a port may follow. */
const Domain = z
  .string()
  .max(260)
  .regex(
    /^(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*(:\d{1,5})?$/,
    "must be a lower-case host name such as api.example.org, *.example.org or api.example.org:8443",
  );
const EnvironmentName = z
  .string()
  .max(128)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of an environment variable");

export const Permissions = z.strictObject({
  files: z
    .strictObject({
      read: Globs.default([]).describe("Globs of plane-relative paths it may read."),
      write: Globs.default([]).describe("Globs of plane-relative paths it may write."),
      execute: Globs.default([]).describe("Globs of plane-relative programs it may start."),
      forbidden: Globs.default([]).describe("Denied even where another glob allows it."),
    })
    .optional(),
  network: z.array(Domain).max(256).default([]).describe("Host names it may reach, such as api.example.org."),
  environment: z.array(EnvironmentName).max(256).default([]).describe("Environment variables it may see."),
  subprocess: z
    .boolean()
    .default(false)
    .describe("Whether it may start programs of its own; they stay in its sandbox."),
  tools: z.array(Id).max(256).default([]).describe("Tools of the host it may call, such as notes.read."),
  tokens_max: z.int().min(1).max(1_000_000_000).optional().describe("Most tokens in one run."),
  cost_units_max: z.int().min(1).max(1_000_000_000).optional().describe("Most cost units in one run."),
});
export type Permissions = z.output<typeof Permissions>;

/** Ceilings of one run. The operator's are above them: a plugin can only ask for less. */
export const ActionLimits = z.strictObject({
  timeout_ms: z.int().min(1).max(3_600_000).optional().describe("Milliseconds until the whole run is ended."),
  input_bytes_max: z
    .int()
    .min(1)
    .max(1 << 30)
    .optional()
    .describe("Bytes of one input."),
  output_bytes_max: z
    .int()
    .min(1)
    .max(1 << 30)
    .optional()
    .describe("Bytes of one output."),
  memory_bytes_max: z
    .int()
    .min(1 << 20)
    .max(2 ** 40)
    .optional()
    .describe("Bytes of memory in one run."),
  processes_max: z.int().min(1).max(4096).optional().describe("Processes at once in one run."),
  concurrency_max: z.int().min(1).max(1024).optional().describe("Runs at once."),
});
export type ActionLimits = z.output<typeof ActionLimits>;

/** A file in the output folder of the session it is written in. */
const TurnOutput = z
  .string()
  .max(512)
  .regex(
    /^output\/<session_id>(?!.*\/\.{0,2}(\/|$))\/[^\0\\*?<>]+$/,
    "must be a file such as output/<session_id>/answer.txt, without . or .. parts",
  );

/** A turn of a session: what it writes is declared, recorded in the session's ledgers, and all it can write. */
export const Turn = z.strictObject({
  outputs: z
    .array(TurnOutput)
    .min(1)
    .max(64)
    .describe("Files it writes, each of them every time; <session_id> stands for the session's id."),
});
export type Turn = z.output<typeof Turn>;

export const PluginAction = z.strictObject({
  id: Id.describe("How it is asked for."),
  title: z.string().min(1).max(200).describe("What it does, in a few words."),
  description: z.string().max(4096).optional().describe("What it does, in sentences."),
  input: JsonSchema.describe("JSON Schema (draft 2020-12) of what it is given."),
  output: JsonSchema.describe("JSON Schema (draft 2020-12) of what it answers."),
  permissions: z
    .array(Scope)
    .max(256)
    .default([])
    .describe("What of the plugin's permissions this action needs, word for word."),
  limits: ActionLimits.optional().describe("Ceilings of one run; the operator's are above them."),
  turn: Turn.optional().describe("Of an agent: makes the action a turn of a session."),
  examples: z
    .array(
      z.strictObject({ title: z.string().max(200).optional(), input: z.json(), output: z.json().optional() }),
    )
    .max(64)
    .default([])
    .describe("Held against input and output."),
});
export type PluginAction = z.output<typeof PluginAction>;

/** A deterministic proof that the plugin works: an action, its input, and what the output must hold (a JSON subset). */
export const Probe = z.strictObject({
  id: Id.describe("Name of the probe."),
  action: Id.describe("Action that is run."),
  input: z.json().describe("What it is given; held against the action's input."),
  expect: z.json().describe("What the output must hold; fields it does not name may be anything."),
});
export type Probe = z.output<typeof Probe>;

export const Elevation = z.strictObject({
  permission: Scope.describe("A permission above the profile of the kind, word for word."),
  reason: z.string().trim().min(8).max(1024).describe("Why it is needed; whoever approves it reads this."),
});
export type Elevation = z.output<typeof Elevation>;

export const PluginConfig = z.strictObject({
  schema: JsonSchema.describe(
    "JSON Schema (draft 2020-12) of type object; a property with x-secret is set by reference only.",
  ),
  defaults: z
    .record(z.string(), z.json())
    .default({})
    .describe("Values in force where the operator set none. Secrets have none."),
});
export type PluginConfig = z.output<typeof PluginConfig>;

export const PluginSection = z
  .strictObject({
    namespace: Namespace.describe("How people and hosts name the plugin; one plane holds each once."),
    title: z.string().max(200).optional().describe("Name for people."),
    description: z
      .string()
      .max(4096)
      .optional()
      .describe("What it is for; shown to whoever is asked to enable it."),
    kind: PluginKind.describe("Decides which permissions need no special approval."),
    capability: z
      .array(PluginCapability)
      .max(16)
      .default([])
      .describe("What it offers; each word with its section, each section with its word."),
    runtime: z.enum(["python", "node"]).describe("What runs the entrypoint."),
    entrypoint: z
      .string()
      .min(1)
      .max(512)
      .optional()
      .describe(
        "Program of the plugin, relative to its own folder; only a plugin without actions may do without.",
      ),
    requires: z
      .array(z.string().min(1).max(64))
      .max(64)
      .default([])
      .describe(`What the plane must offer: ${PLANE_CAPABILITIES.join(", ")}.`),
    actions: z.array(PluginAction).max(256).default([]).describe("What it can be asked to do."),
    permissions: Permissions.prefault({}).describe(
      "All it may touch; a person sees this before it is enabled.",
    ),
    elevated: z
      .array(Elevation)
      .max(256)
      .default([])
      .describe("Why it needs each permission above the profile of its kind."),
    config: PluginConfig.optional().describe("What an operator can set with pkg configure."),
    health: Health.optional().describe("Checks run before an install is committed."),
    probes: z.array(Probe).max(256).default([]).describe("Deterministic proofs that its actions work."),
  })
  .meta({ id: "PluginSection", title: "Plugin section of a manifest" });
export type PluginSection = z.output<typeof PluginSection>;

/** The section as an archive carries it: pack says where the plugin's own files lie. */
export const PackedPlugin = PluginSection.extend({
  /** Plane-relative folder that `entrypoint` and the profile's "own files" are within. */
  root: z.string().min(1).max(512),
}).meta({ id: "PackedPlugin", title: "Plugin section of a packed manifest" });
export type PackedPlugin = z.output<typeof PackedPlugin>;
