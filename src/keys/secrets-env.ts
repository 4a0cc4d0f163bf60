import { raise } from "./faults.ts";

export const SECRET_NAME = "CONTROL_PLANE_SHARED_SECRET";

/**
 * Value of the shared secret in a `KEY=VALUE` file. `export `, blank lines, # comments and matching quotes around a
 * value are accepted; the last of several counts.
 * @throws AUTH_STATE_DAMAGED naming the line, never its content.
 */
export function secretIn(text: string, path: string): string {
  let secret: string | undefined;
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const found = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    if (found === null) return damaged(path, `line ${index + 1} is not KEY=VALUE`);
    if (found[1] === SECRET_NAME) secret = unquoted(found[2] ?? "");
  }
  if (secret === undefined || secret === "") return damaged(path, `it has no ${SECRET_NAME}`);
  return secret;
}

function damaged(path: string, reason: string): never {
  return raise("AUTH_STATE_DAMAGED", `${path} cannot be used: ${reason}`, { path, reason });
}

function unquoted(value: string): string {
  const trimmed = value.trim();
  const found = /^(["'])(.*)\1$/.exec(trimmed);
  return found?.[2] ?? trimmed;
}
