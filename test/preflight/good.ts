/** A plugin nobody has anything to say about, and how tests break it. */
export const ID = "PKG-T1-NOTES-001";

export const GOOD = `id = "${ID}"
version = "1.0.0"
tier = "T1"
package_type = "plugin"
license = "MIT"
target = "modules/notes"

[compat]
host = "^1.0.0"

[plugin]
namespace = "notes"
description = "Writes daily notes."
kind = "node"
capability = ["actions", "config", "health", "probes"]
runtime = "python"
entrypoint = "main.py"
requires = ["actions"]

[[plugin.actions]]
id = "echo"
title = "Echo"
input = { type = "object", properties = { text = { type = "string" } }, required = ["text"] }
output = { type = "object" }

[[plugin.actions.examples]]
input = { text = "a" }

[plugin.permissions.files]
read = ["data/notes/**", "modules/notes/**"]

[plugin.config]
schema = { type = "object", properties = { port = { type = "integer" } } }
defaults = { port = 80 }

[[plugin.health.checks]]
id = "there"
kind = "file"
path = "modules/notes/main.py"

[[plugin.probes]]
id = "smoke"
action = "echo"
input = { text = "a" }
expect = {}
`;

export const GOOD_FILES: Readonly<Record<string, string>> = {
  "holdfast.toml": GOOD,
  "main.py": "print('notes')\n",
};

/** `⟦` in a text stands where a finding is expected. */
export const MARK = "⟦";
export const unmarked = (text: string): string => text.replaceAll(MARK, "");

/** The good manifest with one passage exchanged; the passage must be there. */
export function broken(passage: string, by: string): Record<string, string> {
  return { "holdfast.toml": exchanged(GOOD, passage, by) };
}

export function exchanged(text: string, passage: string, by: string): string {
  if (!text.includes(passage)) throw new Error(`the manifest has no ${passage}`);
  return text.replace(passage, () => by);
}

/** Line and column of the mark, both from 1; undefined where there is none. */
export function placeOfMark(text: string): { line: number; column: number } | undefined {
  const at = text.indexOf(MARK);
  if (at < 0) return undefined;
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
