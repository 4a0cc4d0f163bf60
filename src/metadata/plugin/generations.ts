/**
 * The two older generations of plugin manifests (facts, plugin runtime, section 1) read and upgraded. What is wrong in one is
 * refused: it is never read as the other. Decision 0009 says what became of each field.
 */
import {
  type PayloadSchema,
  PluginManifestV1,
  PluginManifestV2,
  type PluginManifestV2 as V2,
  Version,
} from "../../contracts/index.ts";
import type { Extract, Raw } from "../extract.ts";
import { issuesOf, nameKnownKeys } from "../issues.ts";
import type { Problem } from "../problems.ts";
import { shapeProblems } from "../shape-problems.ts";
import type { LookAt } from "./entrypoint.ts";
import { checkV2 } from "./generation-two.ts";

/** Where a v2 plugin's program is when the manifest does not say so; the first that is there. */
const CONVENTIONS = ["dist/cli.js", "cli.js", "index.js"];
const OPEN = { type: "object" };

/** True for a document that can only mean one of the two, right or wrong. */
export const isGeneration = (document: Raw): boolean =>
  Object.hasOwn(document, "manifestVersion") ||
  (Object.hasOwn(document, "namespace") &&
    !Object.hasOwn(document, "schema_version") &&
    !Object.hasOwn(document, "package_id"));

export function readGeneration(document: Raw, lookAt: LookAt): Extract {
  if (!Object.hasOwn(document, "manifestVersion")) return readV1(document);
  if (document["manifestVersion"] === "v2") return readV2(document, lookAt);
  const message = `is ${JSON.stringify(document["manifestVersion"])}, a generation nobody here knows`;
  return refused([{ code: "PLUGIN_GENERATION_UNKNOWN", message, pointer: "/manifestVersion" }]);
}

const refused = (problems: readonly Problem[]): Extract => ({
  raw: {},
  legacy: true,
  elsewhere: [],
  problems,
});

/** A v1 plugin has nothing to run: its schema is all it says. */
function readV1(document: Raw): Extract {
  const parsed = PluginManifestV1.safeParse(document, nameKnownKeys);
  if (!parsed.success) return refused(wrongShape(document, parsed.error));
  const { namespace, schemaVersion, payloadSchema } = parsed.data;
  const config = configOf(payloadSchema);
  const plugin = { namespace, kind: "agent", runtime: "node", ...config, capability: Object.keys(config) };
  return {
    raw: { ...named("v1", namespace, schemaVersion), plugin },
    legacy: true,
    yields: ["id", "version"],
    elsewhere: [...IN_BOTH, ["/plugin/config/schema", "/payloadSchema"], ["/plugin", "/"]],
  };
}

function readV2(document: Raw, lookAt: LookAt): Extract {
  const parsed = PluginManifestV2.safeParse(document, nameKnownKeys);
  const problems = checkV2(document);
  if (!parsed.success) return refused([...wrongShape(document, parsed.error), ...problems]);
  const v2 = parsed.data;
  const schema = v2.notePayloadSchema === undefined ? "/payloadSchema" : "/notePayloadSchema";
  const config = configOf(v2.notePayloadSchema ?? v2.payloadSchema);
  const plugin = {
    namespace: v2.namespace,
    ...(v2.displayName === undefined ? {} : { title: v2.displayName }),
    ...(v2.description === undefined ? {} : { description: v2.description }),
    kind: "agent",
    capability: [...(v2.cli === undefined ? [] : ["actions"]), ...Object.keys(config)],
    runtime: "node",
    ...programOf(v2, lookAt),
    actions: (v2.cli?.actions ?? []).map(actionOf),
    permissions: { tools: v2.permissions },
    ...config,
  };
  const raw = {
    ...named("v2", v2.namespace, v2.schemaVersion),
    compat: { host: v2.remVersionRange },
    plugin,
  };
  return { raw, legacy: true, yields: ["id", "version"], elsewhere: placesOfV2(v2, schema), problems };
}

const actionOf = ({ id, title, description, inputSchema, outputSchema, requiredPermissions }: Action) => ({
  id,
  title,
  ...(description === undefined ? {} : { description }),
  input: inputSchema ?? OPEN,
  output: outputSchema ?? OPEN,
  permissions: requiredPermissions.map((name) => `tool:${name}`),
});
type Action = NonNullable<V2["cli"]>["actions"][number];

function programOf({ cli }: V2, lookAt: LookAt): { entrypoint?: string } {
  if (cli === undefined) return {};
  const entrypoint = cli.entrypoint ?? CONVENTIONS.find((path) => lookAt(path) === "file");
  return entrypoint === undefined ? {} : { entrypoint };
}

/** What the schema asks for is asked of the plugin's configuration; one that allows every object asks for nothing. */
function configOf(schema: PayloadSchema | undefined): { config?: object } {
  if (schema === undefined) return {};
  const says = schema.required.length > 0 || Object.keys(schema.properties).length > 0;
  return says || !schema.additionalProperties ? { config: { schema: { ...schema } } } : {};
}

/** Neither knew packages, so the id is made of the namespace. The schema version has no order, so it is the package's version only where it is one. */
function named(plugin_generation: string, namespace: string, schemaVersion: string): Raw {
  const version = Version.safeParse(schemaVersion).success ? { version: schemaVersion } : {};
  const id = `PKG-${namespace.toUpperCase().replace(/[._-]+/g, "-")}`;
  return { id, ...version, metadata: { plugin_generation, plugin_schema_version: schemaVersion } };
}

const IN_BOTH: Extract["elsewhere"] = [
  ["/id", "/namespace"],
  ["/version", "/schemaVersion"],
  ["/metadata", "/schemaVersion"],
  ["/plugin/namespace", "/namespace"],
];

function placesOfV2({ cli }: V2, schema: string): Extract["elsewhere"] {
  const actions = (cli?.actions ?? []).flatMap((_, index): (readonly [string, string])[] => [
    [`/plugin/actions/${index}/input`, `/cli/actions/${index}/inputSchema`],
    [`/plugin/actions/${index}/output`, `/cli/actions/${index}/outputSchema`],
    [`/plugin/actions/${index}/permissions`, `/cli/actions/${index}/requiredPermissions`],
  ]);
  return [
    ...IN_BOTH,
    ["/compat/host", "/remVersionRange"],
    ["/plugin/title", "/displayName"],
    ["/plugin/entrypoint", "/cli/entrypoint"],
    ...actions,
    ["/plugin/actions", "/cli/actions"],
    ["/plugin/permissions/tools", "/permissions"],
    ["/plugin/capability", "/capabilities"],
    ["/plugin/config/schema", schema],
    ["/plugin", "/"],
  ];
}

const wrongShape = (document: Raw, error: Parameters<typeof issuesOf>[0]): Problem[] =>
  shapeProblems(issuesOf(error, document), document, (pointer) => pointer);
