import type { Effects, FileSystem } from "../effects/index.ts";
import { raise } from "./faults.ts";

const VARIABLE = "CONTROL_PLANE_SIGNING_KEY";
const FILE_BYTES_MAX = 64 << 10;

/**
 * The shared key of HMAC signatures: the content of the file CONTROL_PLANE_SIGNING_KEY names, without blanks at its
 * ends, else the variable's own text. Undefined when it is not set. Never print it.
 */
export function findHmacKey({ fs, host }: Pick<Effects, "fs" | "host">): string | undefined {
  const named = host.env[VARIABLE];
  if (named === undefined || named === "") return undefined;
  const path = named.startsWith("/") ? named : `${host.cwd}/${named}`;
  return contentOf(fs, path) ?? named;
}

function contentOf(fs: FileSystem, path: string): string | undefined {
  // A key taken as a path can be longer than any path, or hold a NUL.
  try {
    const real = fs.realPath(path);
    const found = fs.stat(real);
    if (found?.kind !== "file" || found.size_bytes > FILE_BYTES_MAX) return undefined;
    return fs.readText(real).trim();
  } catch {
    return undefined;
  }
}

/** @param secret the plane's shared secret @throws HMAC_KEY_MISSING, HMAC_KEY_UNFIT */
export function requireHmacKey(effects: Pick<Effects, "fs" | "host">, secret: string): string {
  const key = findHmacKey(effects);
  if (key === undefined || key === "")
    return raise("HMAC_KEY_MISSING", `an HMAC signature needs ${VARIABLE}`, { variable: VARIABLE });
  if (key === secret)
    return raise("HMAC_KEY_UNFIT", `${VARIABLE} is the secret that tokens are made with`, {
      variable: VARIABLE,
    });
  return key;
}
