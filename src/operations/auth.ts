import { z } from "zod";
import { AuthAction, PackageId, PackageTier, ROLES, Role } from "../contracts/index.ts";
import { Fault } from "../kernel/index.ts";
import { initAuth, issueToken, listTokens, revokeToken, roleMay } from "../keys/index.ts";
import { appendEntries } from "../ledger/index.ts";
import { authorise, GOVERNANCE_STREAM, type Plane, planeStream, secretOf } from "../plane/index.ts";
import { publishFirstKeys } from "../provenance/index.ts";
import { type Context, operation, planeOf } from "./define.ts";
import { make } from "./faults.ts";

const DAY_S = 86_400;

/** What changes who may act is recorded; tokens and secrets never are. */
async function record(
  context: Context,
  plane: Plane,
  event_type: string,
  subject: string,
  user: string,
  metadata: Record<string, z.core.util.JSONType>,
): Promise<void> {
  await appendEntries(context.effects, planeStream(plane, GOVERNANCE_STREAM), [
    {
      event_type,
      submission_id: subject,
      decision: "RECORDED",
      reason: `${event_type} ${subject}`,
      metadata: { user, ...metadata },
    },
  ]);
}

const isoOf = (seconds: number | undefined): string | null =>
  seconds === undefined ? null : new Date(seconds * 1000).toISOString();

export const authInit = operation({
  name: "auth init",
  summary:
    "Make the plane's secret, role map and first admin token; --force replaces them and ends every token.",
  examples: ["pkg auth init", "pkg auth init --force"],
  authorised: true,
  input: z.strictObject({
    force: z
      .boolean()
      .default(false)
      .meta({ description: "Replace existing keys (wants an admin token while they work)." }),
  }),
  run: async (context, { force }) => {
    const plane = planeOf(context);
    let user = "first-init";
    if (force) user = (await adminOrBroken(context, plane)) ?? "recovery";
    const made = await initAuth(context.effects, {
      directory: plane.keys_directory,
      plane_root: plane.root,
      plane_uid: plane.config.plane_uid,
      force,
    });
    publishFirstKeys(context.effects, plane);
    await record(context, plane, "auth_secrets_initialized", plane.config.name, user, { force });
    return { result: { token_file: made.places.admin_token, expires_at: isoOf(made.expires_at_s) } };
  },
  text: ({ token_file, expires_at }) =>
    `Keys are ready. Admin token: ${token_file} (valid until ${expires_at})\n`,
});

/** An admin, or nobody when the keys are missing or damaged beyond judging anyone. @throws AUTH_* */
async function adminOrBroken(context: Context, plane: Plane): Promise<string | undefined> {
  try {
    return (await authorise(context.effects, plane, context.token, { action: "auth_admin" })).user;
  } catch (error) {
    if (error instanceof Fault && ["AUTH_NOT_INITIALISED", "AUTH_STATE_DAMAGED"].includes(error.code))
      return undefined;
    throw error;
  }
}

export const authIssue = operation({
  name: "auth issue",
  summary:
    "Issue a token with a role, an expiry and, if wanted, a narrower reach; it is shown once and stored nowhere.",
  examples: [
    "pkg auth issue --user ci --role maintainer --days 30 --action pack --action install",
    "pkg auth issue --user ann --role auditor --json",
  ],
  authorised: true,
  reveals_secret: true,
  input: z.strictObject({
    user: z.string().min(1).meta({ description: "Who will act with it." }),
    role: Role.meta({ description: "Role." }),
    days: z.int().positive().max(366).default(30).meta({ description: "Days until it expires." }),
    action: z
      .array(AuthAction)
      .optional()
      .meta({ description: "Allow only this action; repeat for several." }),
    tier: z
      .array(PackageTier)
      .optional()
      .meta({ description: "Allow only packages of this tier; repeat for several." }),
    package: z
      .array(PackageId)
      .optional()
      .meta({ description: "Allow only this package; repeat for several." }),
  }),
  run: async (context, { user, role, days, action, tier, package: packages }) => {
    const plane = planeOf(context);
    const { user: issuer } = await authorise(context.effects, plane, context.token, { action: "auth_admin" });
    const { token, claims } = await issueToken(context.effects, secretOf(context.effects, plane), {
      plane_uid: plane.config.plane_uid,
      user,
      role,
      lifetime_s: days * DAY_S,
      ...(action === undefined ? {} : { actions: action }),
      ...(tier === undefined ? {} : { tiers: tier }),
      ...(packages === undefined ? {} : { packages }),
    });
    await record(context, plane, "token_issued", user, issuer, {
      token_id: claims.token_id,
      role,
      expires_at: isoOf(claims.expires_at_s),
    });
    return { result: { token, ...claims, expires_at: isoOf(claims.expires_at_s) } };
  },
  text: ({ token }) => `${token}\n`,
});

export const authRevoke = operation({
  name: "auth revoke",
  summary: "Revoke one token by its id, or every token of a user.",
  examples: ["pkg auth revoke 0123456789abcdef", "pkg auth revoke --user ann"],
  authorised: true,
  input: z.strictObject({
    token_id: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "Id of the token, from pkg auth list.", positional: 0 }),
    user: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "User whose tokens end, user:HMAC ones included." }),
  }),
  run: async (context, { token_id, user }) => {
    const plane = planeOf(context);
    const { user: revoker } = await authorise(context.effects, plane, context.token, {
      action: "auth_admin",
    });
    const what = token_id === undefined ? { user: user ?? "" } : { token_id };
    if (token_id === undefined && user === undefined) {
      throw make("INPUT_MISSING", "name a token id or a --user", {
        field: "token_id",
        command: "pkg auth revoke",
      });
    }
    await revokeToken(context.effects, secretOf(context.effects, plane), what);
    await record(context, plane, "token_revoked", token_id ?? user ?? "", revoker, what);
    return { result: { revoked: token_id ?? user ?? "" } };
  },
  text: ({ revoked }) => `Revoked ${revoked}\n`,
});

export const authList = operation({
  name: "auth list",
  summary: "List users with roles and tokens by id; never a token.",
  examples: ["pkg auth list", "pkg auth list --json"],
  authorised: false,
  input: z.strictObject({}),
  run: async (context) => {
    const plane = planeOf(context);
    const tokens = listTokens(context.effects.fs, secretOf(context.effects, plane));
    const now_s = context.effects.clock.now_ms() / 1000;
    return {
      result: {
        tokens: tokens.map(({ expires_at_s, ...token }) => ({
          ...token,
          expires_at: isoOf(expires_at_s),
          expired: expires_at_s !== undefined && now_s >= expires_at_s,
        })),
        count: tokens.length,
      },
    };
  },
  text: ({ tokens }) =>
    `${tokens
      .map(({ token_id, user, role, expires_at, revoked, expired }) => {
        const state = revoked
          ? "revoked"
          : expired
            ? "expired"
            : expires_at === null
              ? "user:HMAC"
              : `until ${expires_at}`;
        return `${(token_id ?? "-").padEnd(16)}  ${user.padEnd(20)}  ${role.padEnd(10)}  ${state}`;
      })
      .join("\n")}\n`,
});

export const authWhoami = operation({
  name: "auth whoami",
  summary: "Say who the token belongs to and what it may do.",
  examples: ["pkg auth whoami"],
  authorised: true,
  input: z.strictObject({}),
  run: async (context) => {
    const plane = planeOf(context);
    const principal = await authorise(context.effects, plane, context.token, {
      action: "verify",
      identifies: true,
    });
    const { narrowing } = principal;
    const may = AuthAction.options.filter(
      (action) =>
        roleMay(principal.role, action) &&
        (narrowing?.actions?.includes(action) ?? true) &&
        // Who can manage tokens could issue one that is not narrowed.
        (action !== "auth_admin" || narrowing === undefined),
    );
    return {
      result: {
        user: principal.user,
        role: principal.role,
        token_id: principal.token_id ?? null,
        expires_at: isoOf(principal.expires_at_s),
        narrowing: narrowing ?? null,
        may,
      },
    };
  },
  text: ({ user, role, expires_at, may }) =>
    `${user} (${role})${expires_at === null ? "" : `, until ${expires_at}`}\nmay: ${may.join(", ")}\nroles: ${ROLES.join(", ")}\n`,
});
