/** Who may do what in this plane. Every refusal is recorded without the token; one that cannot be recorded still refuses. */
import type { AuthAction, PackageTier, Principal } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { Fault, sha256Hex } from "../kernel/index.ts";
import {
  authorise as authoriseToken,
  type FoundSecret,
  findSecret,
  keysPlaces,
  readRoles,
  readTokenLog,
} from "../keys/index.ts";
import { appendEntries } from "../ledger/index.ts";
import { type Plane, planeStream } from "./open.ts";
import { GOVERNANCE_STREAM, REFUSALS_PATH } from "./paths.ts";
import { countRepeat } from "./repeats.ts";

export interface AuthRequest {
  readonly action: AuthAction;
  readonly package_ids?: readonly string[];
  readonly tiers?: readonly PackageTier[];
  /** Only asks who it is; see the keys room. */
  readonly identifies?: true;
  /** What the user typed, where that is not named like the action. */
  readonly command?: string;
}

/** @throws AUTH_* */
export async function authorise(
  effects: Effects,
  plane: Plane,
  token: string | undefined,
  request: AuthRequest,
): Promise<Principal> {
  try {
    const found = secretOf(effects, plane);
    const state = {
      secret: found.secret,
      roles: readRoles(effects.fs, found.roles_path),
      revoked: readTokenLog(effects.fs, found.token_log_path).revoked,
      plane_uid: plane.config.plane_uid,
      now_s: Math.floor(effects.clock.now_ms() / 1000),
      token_file: readableToken(effects, plane),
    };
    return authoriseToken(state, token, request);
  } catch (error) {
    if (error instanceof Fault) await recordRefusal(effects, plane, error, request).catch(() => undefined);
    throw error;
  }
}

/** The first admin token, for whoever can look into its folder. */
function readableToken({ fs }: Pick<Effects, "fs">, plane: Plane): string | undefined {
  const { admin_token } = keysPlaces(plane.keys_directory);
  try {
    return fs.stat(admin_token)?.kind === "file" ? admin_token : undefined;
  } catch {
    return undefined;
  }
}

/** The plane's secret and where roles and tokens lie. @throws AUTH_NOT_INITIALISED, AUTH_SECRET_* */
export function secretOf(effects: Pick<Effects, "fs" | "host">, plane: Plane): FoundSecret {
  return findSecret(effects, { plane_root: plane.root, plane_uid: plane.config.plane_uid });
}

async function recordRefusal(
  effects: Effects,
  plane: Plane,
  fault: Fault,
  request: AuthRequest,
): Promise<void> {
  const subject = [...(request.package_ids ?? [])].sort().join(",");
  const key = sha256Hex(`${fault.code}\n${request.action}\n${subject}`).slice(0, 16);
  const { count, is_recorded } = countRepeat(effects, `${plane.root}/${REFUSALS_PATH}`, key);
  if (!is_recorded) return;
  await appendEntries(effects, planeStream(plane, GOVERNANCE_STREAM), [
    {
      event_type: "auth_refused",
      submission_id: subject.slice(0, 256),
      decision: "REFUSED",
      reason: fault.message,
      metadata: { action: request.action, code: fault.code, repeated: count, uid: effects.host.uid },
    },
  ]);
}
