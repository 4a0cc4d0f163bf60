/** The one place that parses TOML, so the parser can be exchanged. */
import TOML from "@iarna/toml";
import { raise } from "./faults.ts";

/** @throws METADATA_SYNTAX with line and column, both from 1 */
export function parseToml(text: string, path: string): Record<string, unknown> {
  try {
    // A byte order mark is no part of the document.
    return TOML.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const at = error as { line?: number; col?: number; message?: string };
    const message = (at.message ?? "").split("\n")[0] ?? "";
    return raise("METADATA_SYNTAX", `${path} is not valid TOML: ${message}`, {
      path,
      ...(at.line === undefined ? {} : { line: at.line + 1, column: (at.col ?? 0) + 1 }),
    });
  }
}
