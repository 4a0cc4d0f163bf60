/** What a v2 manifest may say and must not: sections of later versions, fields that did nothing, parts that disagree. Pure. */
import type { Problem } from "../problems.ts";
import { listOf, memberOf, textsOf } from "./section.ts";

/** Capability to its section; only the first has an effect here yet. */
const SECTIONS = {
  cli_actions: "cli",
  templates: "templates",
  scheduled_tasks: "scheduledTasks",
  entities: "entityTypes",
  ui_panels: "ui",
} as const;

/** `document`: a manifest that calls itself v2, its shape perhaps wrong. Pointers are its own. */
export function checkV2(document: Readonly<Record<string, unknown>>): Problem[] {
  return [
    ...checkLaterSections(document),
    ...checkDead(document),
    ...checkActions(document),
    ...checkPermissions(document),
    ...checkPayloadSchemas(document),
  ];
}

function checkLaterSections(document: Readonly<Record<string, unknown>>): Problem[] {
  const message = "is not known to this version";
  const sections = Object.values(SECTIONS)
    .filter((name) => name !== "cli" && document[name] !== undefined)
    .map((name): Problem => ({ code: "PLUGIN_SECTION_LATER", message, pointer: `/${name}`, of: "key" }));
  const named = textsOf(listOf(document, "capabilities"))
    .filter(({ value }) => value !== "cli_actions" && Object.hasOwn(SECTIONS, value))
    .map(
      ({ index, value }): Problem => ({
        code: "PLUGIN_SECTION_LATER",
        message: `names ${value}, not known to this version`,
        pointer: `/capabilities/${index}`,
      }),
    );
  return [...sections, ...named];
}

/** Fields that every reader of this generation accepted and none ever read. */
function checkDead(document: Readonly<Record<string, unknown>>): Problem[] {
  const lifecycle = ["defaultEnabled", "updatePolicy"]
    .filter((name) => memberOf(document["lifecycle"], name) !== undefined)
    .map((name) => `/lifecycle/${name}`);
  const tasks = listOf(document, "scheduledTasks").flatMap((task, index) =>
    memberOf(task, "maxRuntimeSeconds") === undefined ? [] : [`/scheduledTasks/${index}/maxRuntimeSeconds`],
  );
  const types = listOf(document, "entityTypes").flatMap((type, index) =>
    memberOf(memberOf(type, "indexes"), "facetFields") === undefined
      ? []
      : [`/entityTypes/${index}/indexes/facetFields`],
  );
  return [...lifecycle, ...tasks, ...types].map((pointer) => ({
    code: "PLUGIN_FIELD_DEAD",
    message: "does nothing and never did",
    pointer,
    of: "key",
  }));
}

function checkActions(document: Readonly<Record<string, unknown>>): Problem[] {
  const named = listOf(document, "capabilities").indexOf("cli_actions");
  const has_actions = listOf(document["cli"], "actions").length > 0;
  if (named >= 0 && !has_actions) {
    const message = "names cli_actions, but there is no cli.actions";
    return [
      {
        code: "PLUGIN_CAPABILITY_UNBACKED",
        message,
        pointer: `/capabilities/${named}`,
        details: { section: "cli.actions" },
      },
    ];
  }
  if (named >= 0 || !has_actions) return [];
  return [
    {
      code: "PLUGIN_SECTION_UNDECLARED",
      message: "is there, but capabilities does not name cli_actions",
      pointer: "/cli/actions",
      of: "key",
      details: { section: "cli_actions" },
    },
  ];
}

function checkPermissions(document: Readonly<Record<string, unknown>>): Problem[] {
  const declared = new Set(listOf(document, "permissions"));
  return listOf(document["cli"], "actions").flatMap((action, index) =>
    textsOf(listOf(action, "requiredPermissions"))
      .filter(({ value }) => !declared.has(value))
      .map(
        ({ index: at, value }): Problem => ({
          code: "PLUGIN_PERMISSION_UNDECLARED",
          message: `is needed by action ${String(memberOf(action, "id"))}, but permissions does not ask for it`,
          pointer: `/cli/actions/${index}/requiredPermissions/${at}`,
          details: { permission: value },
        }),
      ),
  );
}

function checkPayloadSchemas(document: Readonly<Record<string, unknown>>): Problem[] {
  const { payloadSchema, notePayloadSchema } = document;
  if (payloadSchema === undefined || notePayloadSchema === undefined) return [];
  if (JSON.stringify(payloadSchema) === JSON.stringify(notePayloadSchema)) return [];
  const message = "says something else than payloadSchema, its older name";
  return [{ code: "METADATA_CONFLICT", message, pointer: "/notePayloadSchema" }];
}
