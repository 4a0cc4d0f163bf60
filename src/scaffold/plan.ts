/** What `pkg new` writes, as texts by path. Pure. */
import { EXAMPLES } from "./examples.ts";
import type { NewPlugin } from "./named.ts";
import { nodeProgram, nodeTest } from "./node-texts.ts";
import { pythonProgram, pythonTest } from "./python-texts.ts";
import { readme } from "./readme-text.ts";
import { sourceToml } from "./toml-text.ts";

/** JSON Schema of the metadata, for editors; never packed. */
const SCHEMA_PATH = ".schema/holdfast-source.schema.json";

const entrypointOf = ({ runtime }: NewPlugin): string => (runtime === "python" ? "main.py" : "main.mjs");

export function planNew(plugin: NewPlugin, source_schema: string): ReadonlyMap<string, string> {
  const example = EXAMPLES[plugin.kind];
  const is_python = plugin.runtime === "python";
  return new Map([
    ["holdfast.toml", sourceToml(plugin, example, entrypointOf(plugin), SCHEMA_PATH)],
    [entrypointOf(plugin), is_python ? pythonProgram(plugin, example) : nodeProgram(plugin, example)],
    is_python ? ["tests/test_main.py", pythonTest(example)] : ["tests/main.test.mjs", nodeTest(example)],
    ["README.md", readme(plugin, example, entrypointOf(plugin))],
    [".holdfastignore", ".schema/\n"],
    [SCHEMA_PATH, source_schema],
  ]);
}
