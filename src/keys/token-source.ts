import type { Effects } from "../effects/index.ts";
import { raise } from "./faults.ts";
import { absolute } from "./places.ts";

export interface TokenSource {
  /** Undefined when no source has one. Never print it. */
  readonly token: string | undefined;
  /** "--token", "--token-file", "--token-fd", the variable's name, or "none". */
  readonly source: string;
  /** Sentences for stderr; they hold no token. */
  readonly warnings: readonly string[];
}

const FILE_BYTES_MAX = 64 << 10;

/**
 * Takes the first of: `--token`, `--token-file`, `--token-fd` (its text, already read), HOLDFAST_TOKEN,
 * CONTROL_PLANE_TOKEN. One newline at the end is dropped. An empty variable counts as absent.
 * @throws AUTH_TOKEN_SOURCE_UNREADABLE
 */
export function readTokenSource(
  effects: Pick<Effects, "fs" | "host">,
  given: { readonly token?: string; readonly token_file?: string; readonly token_fd_text?: string },
): TokenSource {
  const { env, cwd } = effects.host;
  if (given.token !== undefined) {
    const warning =
      "a token given with --token can be seen by other users in the process list; use --token-file";
    return { token: trimmed(given.token), source: "--token", warnings: [warning] };
  }
  if (given.token_file !== undefined) return fromFile(effects, absolute(given.token_file, cwd));
  if (given.token_fd_text !== undefined) return quiet(given.token_fd_text, "--token-fd");
  for (const name of ["HOLDFAST_TOKEN", "CONTROL_PLANE_TOKEN"]) {
    const value = env[name];
    if (value !== undefined && value !== "") return quiet(value, name);
  }
  return { token: undefined, source: "none", warnings: [] };
}

const quiet = (text: string, source: string): TokenSource => ({ token: trimmed(text), source, warnings: [] });
const trimmed = (text: string): string => text.replace(/\r?\n$/, "");

function fromFile(effects: Pick<Effects, "fs">, path: string): TokenSource {
  const unreadable = (reason: string, cause?: unknown): never =>
    raise("AUTH_TOKEN_SOURCE_UNREADABLE", `${path} cannot be read: ${reason}`, { path, reason }, cause);
  try {
    const real = effects.fs.realPath(path);
    const stat = effects.fs.stat(real);
    // A pipe such as /dev/fd/3 has no size; it is read by whoever opened it (--token-fd).
    if (stat?.kind !== "file") return unreadable("it is not a regular file");
    if (stat.size_bytes > FILE_BYTES_MAX) return unreadable("it is larger than 64 KiB");
    const token = trimmed(effects.fs.read(real).toString("utf8"));
    const is_exposed = (stat.mode & 0o077) !== 0;
    const warnings = is_exposed
      ? [`other users can read ${path}; run: chmod 600 ${JSON.stringify(path)}`]
      : [];
    return { token, source: "--token-file", warnings };
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) throw error;
    return unreadable(code, error);
  }
}
