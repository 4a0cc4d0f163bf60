import { z } from "zod";
import { judgeGate, requirePassed } from "../gates/index.ts";
import { type PackedBytes, pack as packSource } from "../lifecycle/index.ts";
import { type Context, operation, planeOf } from "./define.ts";
import { dryRun } from "./fields.ts";
import { judgeHere } from "./golden-harness.ts";

/** The gate for what is being packed, whatever the store held before. */
const gateFor =
  (context: Context) =>
  async ({ package_id, version, digest }: PackedBytes): Promise<void> => {
    const plane = planeOf(context);
    const harness = judgeHere(context, plane.root);
    requirePassed(await judgeGate(context.effects, plane, { package_id, version, digest }, harness));
  };

export const pack = operation({
  name: "pack",
  summary: "Pack a source folder into the store as a reproducible archive and register it.",
  examples: [
    "pkg pack --src modules/agent_runtime --id PKG-T1-RUNTIME-001",
    "pkg pack --src modules/agent_runtime --sign --attest",
    "pkg pack --src modules/example_agent --dry-run",
    "pkg pack --src modules/agent_runtime --release --sign --attest",
  ],
  authorised: true,
  input: z.strictObject({
    src: z.string().min(1).meta({ description: "Folder to pack." }),
    id: z
      .string()
      .optional()
      .meta({ description: "Package id; must equal the declared one where there is one." }),
    replace: z
      .boolean()
      .default(false)
      .meta({ description: "Replace other bytes under a version that was never installed." }),
    sign: z
      .boolean()
      .default(false)
      .meta({ description: "Sign the archive with the plane's package key (Ed25519)." }),
    sign_key: z
      .array(z.string().min(1))
      .optional()
      .meta({ description: "Sign with this key of pkg keys list; repeat for several signers." }),
    sign_hmac: z.boolean().default(false).meta({
      description: "Sign in the older form too, with the key CONTROL_PLANE_SIGNING_KEY holds or names.",
    }),
    attest: z
      .boolean()
      .default(false)
      .meta({ description: "Write signed SLSA provenance (in-toto, DSSE) beside the archive." }),
    attest_time: z
      .boolean()
      .default(false)
      .meta({ description: "Put the time into the provenance, which is then not reproducible." }),
    source_repo: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .meta({ description: "For provenance: repository URL." }),
    source_revision: z
      .string()
      .regex(/^[0-9a-f]{40,64}$/, "must be a commit id in hex")
      .optional()
      .meta({ description: "For provenance: commit." }),
    source_branch: z.string().min(1).max(256).optional().meta({ description: "For provenance: branch." }),
    release: z.boolean().default(false).meta({
      description: "Refuse unless golden gate passes for exactly the bytes that are packed.",
    }),
    dry_run: dryRun,
  }),
  run: async (context, { sign_key, release, ...input }) => ({
    result: await packSource(context.effects, planeOf(context), {
      ...input,
      sign_keys: sign_key,
      judge: release ? gateFor(context) : undefined,
      program_version: context.version,
      token: context.token,
      wait_ms: context.wait_ms,
      deflate_worker_url: context.files.deflate_worker_url,
    }),
  }),
  text: (result, { src }) =>
    [
      result.dry_run ? `Would pack ${src} -> ${result.latest}` : `Packed ${src} -> ${result.latest}`,
      `SHA256: ${result.digest}`,
      `  ${result.package_id} ${result.version}, ${result.files} files, ${result.size_bytes} bytes, kept as ${result.archive}`,
      ...(result.signed_by.length === 0 ? [] : [`  signed by ${result.signed_by.join(", ")}`]),
      ...(result.attested ? ["  with provenance"] : []),
      result.dry_run ? "Nothing was changed." : `Updated registry for ${result.package_id}`,
      ...(result.changed ? [] : ["The store held exactly these bytes already."]),
      "",
    ].join("\n"),
});
