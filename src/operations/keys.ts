import { z } from "zod";
import { checkPolicyFile } from "../grants/index.ts";
import { parseVerifierKey, TRUSTED_KEYS_PATH, type TrustedKey } from "../keys/index.ts";
import { authorise, type Plane } from "../plane/index.ts";
import {
  acceptKeys,
  acceptPolicy,
  compareKeys,
  generateKey,
  POLICY_PATH,
  restoreKeys,
  revokeKey,
  rotateKey,
  trustKey,
} from "../provenance/index.ts";
import { type Context, type Outcome, operation, planeOf } from "./define.ts";
import { make } from "./faults.ts";

const Use = z.enum(["package", "ledger"]).meta({ description: "What the key signs." });

async function admin(context: Context, plane: Plane): Promise<{ user: string; wait_ms: number | undefined }> {
  const { user } = await authorise(context.effects, plane, context.token, { action: "auth_admin" });
  return { user, wait_ms: context.wait_ms };
}

const keyLine = ({ vkey, uses, status, since, revoked }: TrustedKey): string[] => [
  `${status.padEnd(8)} ${uses.join(",").padEnd(8)} ${since.slice(0, 10)}  ${vkey}`,
  ...(revoked === undefined ? [] : [`         revoked ${revoked.at}: ${revoked.reason}`]),
];

export const keysList = operation({
  name: "keys list",
  summary: "Show the keys this plane trusts, and how its own list differs from what is pinned outside it.",
  examples: ["pkg keys list", "pkg keys list --json"],
  authorised: false,
  input: z.strictObject({}),
  run: async (context) => {
    const { pinned, differences } = compareKeys(context.effects.fs, planeOf(context));
    const keys = pinned.map((key) => ({ ...key, key_hash: parseVerifierKey(key.vkey)?.key_hash ?? "" }));
    return { result: { keys, differences }, exit_code: differences.length === 0 ? 0 : 1 };
  },
  text: ({ keys, differences }) =>
    [
      ...(keys.length === 0 ? ['No key is trusted; "pkg keys generate" makes one.'] : keys.flatMap(keyLine)),
      ...(differences.length === 0
        ? []
        : [
            `${TRUSTED_KEYS_PATH} differs from what is pinned, so nothing signed is accepted:`,
            ...differences.map((one) => `  ${one}`),
            'next: "pkg keys trust --accept" takes it over, "pkg keys trust --restore" undoes it',
          ]),
      "",
    ].join("\n"),
});

export const keysGenerate = operation({
  name: "keys generate",
  summary:
    "Make an Ed25519 signing key beside the plane's secrets and trust it; the private half is never shown.",
  examples: ["pkg keys generate", "pkg keys generate release-2026 --use package"],
  authorised: true,
  input: z.strictObject({
    name: z
      .string()
      .optional()
      .meta({ description: "Name of the key. Default: the plane's first key of that use.", positional: 0 }),
    use: Use.default("package"),
  }),
  run: async (context, { name, use }) => {
    const plane = planeOf(context);
    const who = await admin(context, plane);
    return { result: await generateKey(context.effects, plane, { ...who, name, use }) };
  },
  text: (key) => `${keyLine(key).join("\n")}\n`,
});

export const keysRotate = operation({
  name: "keys rotate",
  summary: "Replace a key by a new one of the same name; the ledger entry is signed by both.",
  examples: ["pkg keys rotate release-2026"],
  authorised: true,
  input: z.strictObject({
    name: z.string().min(1).meta({ description: "Name of the key, from pkg keys list.", positional: 0 }),
  }),
  run: async (context, { name }) => {
    const plane = planeOf(context);
    const who = await admin(context, plane);
    return { result: await rotateKey(context.effects, plane, { ...who, name }) };
  },
  text: (key) => `${keyLine(key).join("\n")}\nWhat the old key signed stays valid until it is revoked.\n`,
});

export const keysRevoke = operation({
  name: "keys revoke",
  summary: "End all trust in a key: whatever it signed, before or after, is refused from now on.",
  examples: [
    'pkg keys revoke release-2026 --reason "laptop lost"',
    'pkg keys revoke release-2026+0f1e2d3c --reason "replaced" --json',
  ],
  authorised: true,
  input: z.strictObject({
    key: z
      .string()
      .min(1)
      .meta({ description: "Name, or id NAME+HASH where several bear it.", positional: 0 }),
    reason: z.string().min(1).max(1000).meta({ description: "Why; it is shown with every refusal." }),
  }),
  run: async (context, { key, reason }) => {
    const plane = planeOf(context);
    const who = await admin(context, plane);
    return { result: await revokeKey(context.effects, plane, { ...who, key, reason }) };
  },
  text: (key) => `${keyLine(key).join("\n")}\n`,
});

interface Settled {
  readonly trusted: TrustedKey | null;
  readonly settled: readonly string[];
}

export const keysTrust = operation({
  name: "keys trust",
  summary:
    "Trust a key of somebody else, or settle a difference between the plane's files and what is pinned.",
  examples: [
    "pkg keys trust sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8 --use package",
    "pkg keys trust --accept",
    "pkg keys trust --restore",
  ],
  authorised: true,
  input: z.strictObject({
    vkey: z.string().optional().meta({ description: "Verifier key: NAME+HASH+BASE64.", positional: 0 }),
    use: Use.default("package"),
    accept: z
      .boolean()
      .default(false)
      .meta({
        description: `Pin ${TRUSTED_KEYS_PATH} and ${POLICY_PATH} as they are now.`,
      }),
    restore: z
      .boolean()
      .default(false)
      .meta({ description: `Put ${TRUSTED_KEYS_PATH} back as it is pinned.` }),
  }),
  run: async (context, { vkey, use, accept, restore }): Promise<Outcome<Settled>> => {
    if ([vkey !== undefined, accept, restore].filter(Boolean).length !== 1) {
      throw make("INPUT_MISSING", "give a verifier key, or --accept, or --restore", {
        field: "vkey",
        command: "pkg keys trust",
      });
    }
    const { effects } = context;
    const plane = planeOf(context);
    const who = await admin(context, plane);
    if (vkey !== undefined)
      return { result: { trusted: await trustKey(effects, plane, { ...who, vkey, use }), settled: [] } };
    if (restore) return { result: { trusted: null, settled: await restoreKeys(effects, plane, who) } };
    await checkPolicyFile(effects, plane);
    const settled = await acceptKeys(effects, plane, who);
    const policy = (await acceptPolicy(effects, plane, who.user)) ? [`${POLICY_PATH} is pinned`] : [];
    return { result: { trusted: null, settled: [...settled, ...policy] } };
  },
  text: ({ trusted, settled }, { accept }) => {
    if (trusted !== null) return `${keyLine(trusted).join("\n")}\n`;
    if (settled.length === 0) return "Nothing differed.\n";
    return [...settled, accept ? "Accepted." : "Undone.", ""].join("\n");
  },
});
