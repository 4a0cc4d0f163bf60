/** The two older generations of plugin manifests, as strictly as they were meant to be read. */
import { z } from "zod";
import { Namespace } from "./plugin.ts";

export const V2_CAPABILITIES = [
  "templates",
  "scheduled_tasks",
  "entities",
  "cli_actions",
  "ui_panels",
] as const;
export const V2_PERMISSIONS = [
  "notes.read",
  "notes.write",
  "search.read",
  "events.read",
  "proposals.create",
  "proposals.review",
  "entities.read",
  "entities.write",
] as const;

const Text = z.string().min(1).max(4096);
const FieldType = z.enum(["string", "number", "boolean", "object", "array"]);
const PayloadSchema = z.strictObject({
  type: z.literal("object"),
  required: z.array(z.string()).max(1000).default([]),
  properties: z
    .record(
      z.string(),
      z.strictObject({ type: FieldType, items: z.strictObject({ type: FieldType }).optional() }),
    )
    .default({}),
  additionalProperties: z.boolean().default(true),
});
export type PayloadSchema = z.output<typeof PayloadSchema>;

const Permissions = z.array(z.enum(V2_PERMISSIONS)).max(64);
const OpenJson = z.record(z.string(), z.json());

export const PluginManifestV1 = z.strictObject({
  namespace: Namespace,
  schemaVersion: Text.max(64),
  payloadSchema: PayloadSchema,
});
export type PluginManifestV1 = z.output<typeof PluginManifestV1>;

/** Sections that nothing acts on yet are only looked at for their presence. */
export const PluginManifestV2 = z.strictObject({
  manifestVersion: z.literal("v2"),
  namespace: Namespace,
  schemaVersion: Text.max(64),
  remVersionRange: Text.max(128),
  displayName: Text.max(200).optional(),
  description: Text.optional(),
  capabilities: z.array(z.enum(V2_CAPABILITIES)).max(16).default([]),
  permissions: Permissions.default([]),
  payloadSchema: PayloadSchema.optional(),
  notePayloadSchema: PayloadSchema.optional(),
  templates: z.array(OpenJson).optional(),
  scheduledTasks: z.array(OpenJson).optional(),
  entityTypes: z.array(OpenJson).optional(),
  cli: z
    .strictObject({
      actions: z
        .array(
          z.strictObject({
            id: Text,
            title: Text,
            description: Text.optional(),
            inputSchema: OpenJson.optional(),
            outputSchema: OpenJson.optional(),
            requiredPermissions: Permissions.default([]),
          }),
        )
        .min(1)
        .max(256),
      entrypoint: Text.optional(),
    })
    .optional(),
  ui: OpenJson.optional(),
  lifecycle: z
    .strictObject({
      defaultEnabled: z.boolean().optional(),
      updatePolicy: z.enum(["manual", "auto_minor"]).optional(),
    })
    .optional(),
});
export type PluginManifestV2 = z.output<typeof PluginManifestV2>;
