import type { Example, JsonObject } from "./examples.ts";
import type { NewPlugin } from "./named.ts";

/** The metadata of a new plugin, with the words an author needs to change it. */
export function sourceToml(
  { package_id, namespace, target, kind, runtime }: NewPlugin,
  { purpose, action, shown, expected, permissions, config }: Example,
  entrypoint: string,
  schema_path: string,
): string {
  const title = namespace.replace(/[._-]+/g, " ").replace(/^./, (letter) => letter.toUpperCase());
  const range = runtime === "python" ? `python = ">=3.9 <4"` : `node = ">=22 <27"`;
  return `#:schema ./${schema_path}
# What this plugin is, what it can be asked and what it may touch. Judge it with: pkg preflight .

id = ${quoted(package_id)}
name = ${quoted(namespace)}
version = "0.1.0"
license = "MIT"
tier = "T3"
target = ${quoted(target)}

[compat]
host = ">=0.1.0 <2.0.0"
api = "^1.0.0"
${range}

[plugin]
namespace = ${quoted(namespace)}
title = ${quoted(title)}
description = ${quoted(purpose)}
kind = ${quoted(kind)}
# Each word here has its section below, and each section its word.
capability = ["actions", "config", "health", "probes"]
runtime = ${quoted(runtime)}
entrypoint = ${quoted(entrypoint)}
requires = ["actions", "pipe"]

# All it may touch. A person is shown this list before the plugin is enabled.
[plugin.permissions]
${table(permissions)}
[[plugin.actions]]
id = ${quoted(action.id)}
title = ${quoted(action.title)}
permissions = ${inline(action.permissions)}

[plugin.actions.input]
${table(action.input)}
[plugin.actions.output]
${table(action.output)}
# Held against the schemas above.
[[plugin.actions.examples]]
title = ${quoted(shown.title)}
input = ${inline(shown.input)}
output = ${inline(shown.output)}

# A proof that it works: the action is run, and its output must hold what is expected.
[[plugin.probes]]
id = "works"
action = ${quoted(action.id)}
input = ${inline(shown.input)}
expect = ${inline(expected ?? shown.output)}

[plugin.config]
defaults = ${inline(config.defaults)}

[plugin.config.schema]
type = "object"
additionalProperties = false

${Object.entries(config.properties)
  .map(([name, property]) => `[plugin.config.schema.properties.${name}]\n${table(property as JsonObject)}`)
  .join("\n")}
# Run before an install is committed.
[[plugin.health.checks]]
id = "answers"
kind = "pipe"
argv = [${quoted(runtime)}, ${quoted(`${target}/${entrypoint}`)}]
`;
}

const quoted = (text: string): string => JSON.stringify(text);

/** Members one a line; `properties` one a name. */
function table(members: JsonObject): string {
  return Object.entries(members)
    .flatMap(([key, value]) =>
      key === "properties"
        ? Object.entries(value as JsonObject).map(
            ([name, inner]) => `properties.${name} = ${inline(inner)}\n`,
          )
        : [`${key} = ${inline(value)}\n`],
    )
    .join("");
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, inner]) => `${key} = ${inline(inner)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}
