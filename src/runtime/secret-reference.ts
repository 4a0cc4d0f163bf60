/** A secret that is named, never written: read at the last moment from the caller's environment or from a private file. */
import type { SecretReference } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { plainText } from "../grants/index.ts";
import { Fault } from "../kernel/index.ts";
import { readPrivateText } from "../keys/index.ts";
import type { Plane } from "../plane/index.ts";
import { isInside } from "../sandbox/index.ts";
import { isOurs } from "./environment.ts";

/** `problem` never holds the value; it continues "it cannot be had: ". */
export type Resolved = { readonly value: string } | { readonly problem: string };

export function resolveSecret(
  { fs, host }: Pick<Effects, "fs" | "host">,
  plane: Plane,
  reference: SecretReference,
): Resolved {
  if (!("env" in reference)) return fromFile(fs, plane, reference.file);
  const { env } = reference;
  if (isOurs(env)) return { problem: `${env} is a secret of the plane itself` };
  const value = Object.hasOwn(host.env, env) ? host.env[env] : undefined;
  return value === undefined || value === ""
    ? { problem: `${env} is not set in the environment` }
    : { value };
}

function fromFile(fs: Effects["fs"], plane: Plane, file: string): Resolved {
  const shown = plainText(file);
  try {
    const text = readPrivateText(fs, file);
    if (text === undefined) return { problem: `${shown} is not there` };
    const real = fs.realPath(file);
    if ([plane.root, plane.keys_directory].some((folder) => isInside(real, folder)))
      return { problem: `${shown} lies where the plane keeps its own` };
    const value = text.replace(/\r?\n$/, "");
    return value === "" ? { problem: `${shown} is empty` } : { value };
  } catch (error) {
    if (error instanceof Fault && error.code.startsWith("AUTH_")) return { problem: error.message };
    throw error;
  }
}
