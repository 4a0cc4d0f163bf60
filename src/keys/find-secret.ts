import type { Effects } from "../effects/index.ts";
import { raise } from "./faults.ts";
import { absolute, keysDirectory, keysPlaces, parentOf, requireOutside } from "./places.ts";
import { readPrivateText, requirePrivateDirectory } from "./private-file.ts";
import { SECRET_NAME, secretIn } from "./secrets-env.ts";

/** The shared secret and what belongs to it. Never log or store it. */
export interface FoundSecret {
  readonly secret: string;
  /** "environment", or the absolute path of the file. */
  readonly source: string;
  /** Beside the file the secret came from; for the environment, in the keys directory. */
  readonly roles_path: string;
  /** Always in the keys directory. */
  readonly token_log_path: string;
}

/**
 * Looks in this order: environment, CONTROL_PLANE_SECRETS_FILE, the keys directory, and the two places of the older
 * control plane.
 * @throws AUTH_NOT_INITIALISED, AUTH_SECRET_EXPOSED, AUTH_SECRET_UNREADABLE, AUTH_STATE_DAMAGED, AUTH_KEYS_INSIDE_PLANE
 */
export function findSecret(
  effects: Pick<Effects, "fs" | "host">,
  plane: { readonly plane_root: string; readonly plane_uid: string },
): FoundSecret {
  const { fs, host } = effects;
  const places = keysPlaces(keysDirectory(host, plane.plane_uid));
  requireOutside(fs, places.directory, plane.plane_root);
  const token_log_path = places.token_log;
  const in_environment = host.env[SECRET_NAME];
  if (in_environment !== undefined && in_environment !== "") {
    return { secret: in_environment, source: "environment", roles_path: places.roles, token_log_path };
  }
  const named = host.env["CONTROL_PLANE_SECRETS_FILE"];
  const files =
    named !== undefined && named !== ""
      ? [absolute(named, host.cwd)]
      : [
          places.secrets,
          `${host.home}/.control_plane_v2/secrets.env`,
          `${parentOf(plane.plane_root)}/_external_secrets/control_plane_v2/secrets.env`,
        ];
  for (const path of files) {
    const text = readPrivateText(fs, path);
    if (text === undefined) continue;
    requireOutside(fs, path, plane.plane_root);
    if (path === places.secrets) requirePrivateDirectory(fs, places.directory);
    return {
      secret: secretIn(text, path),
      source: path,
      roles_path: `${parentOf(path)}/roles.json`,
      token_log_path,
    };
  }
  if (named !== undefined && named !== "") {
    const path = files[0] ?? named;
    const reason = "CONTROL_PLANE_SECRETS_FILE names a file that does not exist";
    raise("AUTH_SECRET_UNREADABLE", `${path} cannot be read: ${reason}`, { path, reason });
  }
  return raise("AUTH_NOT_INITIALISED", "this plane has no keys yet", { path: places.secrets });
}
