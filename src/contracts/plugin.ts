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

export const PLUGIN_KINDS = ["node", "integration", "agent", "quality_gate"] as const;
export const PluginKind = z.enum(PLUGIN_KINDS);
export type PluginKind = z.output<typeof PluginKind>;

/** What a plugin offers. Each goes with the section of the same name, in both directions. */
export const PLUGIN_CAPABILITIES = ["actions", "config", "health", "probes"] as const;
export const PluginCapability = z.enum(PLUGIN_CAPABILITIES);
export type PluginCapability = z.output<typeof PluginCapability>;

/** What the plane offers to plugins, for `requires`. */
export const PLANE_CAPABILITIES = ["actions", "config", "health", "pipe", "probes"] as const;

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
      read: Globs.default([]),
      write: Globs.default([]),
      execute: Globs.default([]),
      /** Denied even where another glob allows it. */
      forbidden: Globs.default([]),
    })
    .optional(),
  network: z.array(Domain).max(256).default([]),
  environment: z.array(EnvironmentName).max(256).default([]),
  /** Whether it may start programs of its own; they stay in its sandbox. */
  subprocess: z.boolean().default(false),
  tools: z.array(Id).max(256).default([]),
  /** Most tokens in one run. */
  tokens_max: z.int().min(1).max(1_000_000_000).optional(),
  /** Most cost units in one run. */
  cost_units_max: z.int().min(1).max(1_000_000_000).optional(),
});
export type Permissions = z.output<typeof Permissions>;

/** Ceilings of one run. The operator's are above them: a plugin can only ask for less. */
export const ActionLimits = z.strictObject({
  timeout_ms: z.int().min(1).max(3_600_000).optional(),
  input_bytes_max: z
    .int()
    .min(1)
    .max(1 << 30)
    .optional(),
  output_bytes_max: z
    .int()
    .min(1)
    .max(1 << 30)
    .optional(),
  memory_bytes_max: z
    .int()
    .min(1 << 20)
    .max(2 ** 40)
    .optional(),
  processes_max: z.int().min(1).max(4096).optional(),
  concurrency_max: z.int().min(1).max(1024).optional(),
});
export type ActionLimits = z.output<typeof ActionLimits>;

export const PluginAction = z.strictObject({
  id: Id,
  title: z.string().min(1).max(200),
  description: z.string().max(4096).optional(),
  input: JsonSchema,
  output: JsonSchema,
  /** What of the plugin's permissions this action needs. */
  permissions: z.array(Scope).max(256).default([]),
  limits: ActionLimits.optional(),
  /** Held against `input` and `output`, and run by the golden harness. */
  examples: z
    .array(
      z.strictObject({ title: z.string().max(200).optional(), input: z.json(), output: z.json().optional() }),
    )
    .max(64)
    .default([]),
});
export type PluginAction = z.output<typeof PluginAction>;

/** A deterministic proof that the plugin works: an action, its input, and what the output must hold (a JSON subset). */
export const Probe = z.strictObject({ id: Id, action: Id, input: z.json(), expect: z.json() });
export type Probe = z.output<typeof Probe>;

export const Elevation = z.strictObject({ permission: Scope, reason: z.string().trim().min(8).max(1024) });
export type Elevation = z.output<typeof Elevation>;

export const PluginConfig = z.strictObject({
  schema: JsonSchema,
  /** Values in force where the operator set none; held against the schema. Secrets have no defaults. */
  defaults: z.record(z.string(), z.json()).default({}),
});
export type PluginConfig = z.output<typeof PluginConfig>;

export const PluginSection = z
  .strictObject({
    namespace: Namespace,
    title: z.string().max(200).optional(),
    description: z.string().max(4096).optional(),
    kind: PluginKind,
    /** What it offers; each with its section, each section with it. */
    capability: z.array(PluginCapability).max(16).default([]),
    runtime: z.enum(["python", "node"]),
    /** Relative to the package's own folder (`target`); only a plugin without actions may do without. */
    entrypoint: z.string().min(1).max(512).optional(),
    /** What it needs the plane to offer. */
    requires: z.array(z.string().min(1).max(64)).max(64).default([]),
    actions: z.array(PluginAction).max(256).default([]),
    permissions: Permissions.prefault({}),
    /** Why it needs each permission above the profile of its kind. */
    elevated: z.array(Elevation).max(256).default([]),
    config: PluginConfig.optional(),
    /** Run with the package's own health checks. */
    health: Health.optional(),
    probes: z.array(Probe).max(256).default([]),
  })
  .meta({ id: "PluginSection", title: "Plugin section of a manifest" });
export type PluginSection = z.output<typeof PluginSection>;

/** The section as an archive carries it: pack says where the plugin's own files lie. */
export const PackedPlugin = PluginSection.extend({
  /** Plane-relative folder that `entrypoint` and the profile's "own files" are within. */
  root: z.string().min(1).max(512),
}).meta({ id: "PackedPlugin", title: "Plugin section of a packed manifest" });
export type PackedPlugin = z.output<typeof PackedPlugin>;
