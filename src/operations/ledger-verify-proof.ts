import { z } from "zod";
import { type CheckedProof, checkProof } from "../ledger/index.ts";
import { operation } from "./define.ts";
import { readGiven } from "./given-file.ts";

export const ledgerVerifyProof = operation({
  name: "ledger verify-proof",
  summary: "Check a proof file against the keys of those you trust. Needs no plane.",
  examples: [
    "pkg ledger verify-proof first.tlog-proof --key plane-0123456789ab-ledger+0123abcd+AQ…",
    "pkg ledger verify-proof growth.proof --since old-checkpoint --key plane-0123456789ab-ledger+0123abcd+AQ…",
  ],
  authorised: false,
  input: z.strictObject({
    file: z.string().meta({
      description: "The proof: a .tlog-proof, or what pkg ledger prove --json printed.",
      positional: 0,
    }),
    key: z.array(z.string()).min(1).meta({
      description: "Verifier key of the log; repeat for several, one of which must have signed.",
    }),
    witness: z.array(z.string()).optional().meta({
      description: "Verifier key of a witness that must have signed too; repeat for several.",
    }),
    since: z
      .string()
      .optional()
      .meta({ description: "The earlier checkpoint file, for a proof that the ledger only grew." }),
    entry: z
      .string()
      .optional()
      .meta({ description: "File with the entry's line, where the proof does not hold it." }),
    origin: z.string().optional().meta({ description: "The log it must be of." }),
  }),
  run: async ({ effects }, { file, key, witness, since, entry, origin }) => {
    const read = (path: string): Buffer => readGiven(effects, path);
    const result = checkProof({
      path: file,
      bytes: read(file),
      keys: key,
      ...(witness !== undefined && { witnesses: witness }),
      ...(since !== undefined && { since: { path: since, bytes: read(since) } }),
      ...(entry !== undefined && { entry: withoutNewline(read(entry)) }),
      ...(origin !== undefined && { origin }),
    });
    return { result: { valid: true as const, ...result } };
  },
  text: (result) => `${provenText(result)}\n`,
});

const withoutNewline = (bytes: Buffer): Buffer =>
  bytes.at(-1) === 0x0a ? bytes.subarray(0, bytes.length - 1) : bytes;

function provenText({
  kind,
  origin,
  size,
  index,
  line,
  old_size,
  signed_by,
  cosigned_by,
}: CheckedProof): string {
  const claim =
    kind === "inclusion"
      ? `PROVEN: entry ${index} is in ${origin} of ${size} entries`
      : `PROVEN: ${origin} of ${size} entries continues its first ${old_size}`;
  return [
    claim,
    `  signed by ${signed_by.join(", ")}`,
    ...cosigned_by.map(
      ({ name, time_s }) => `  witnessed by ${name} at ${new Date(time_s * 1000).toISOString()}`,
    ),
    ...(line === undefined ? [] : [`  ${line}`]),
  ].join("\n");
}
