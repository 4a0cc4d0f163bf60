import { z } from "zod";
import { holdfastHome } from "../keys/index.ts";
import { cosign, settleTree } from "../ledger/index.ts";
import { absolute, outputPlace, planeStream, writeOutput } from "../plane/index.ts";
import { operation, planeOf } from "./define.ts";
import { streamName } from "./fields.ts";

export const ledgerCosign = operation({
  name: "ledger cosign",
  summary:
    "Sign a ledger's checkpoint as a witness, unless it was forked or cut since this witness last saw it.",
  examples: [
    "pkg ledger cosign --witness ~/witness",
    "pkg ledger cosign --witness /media/usb/witness --stream ledger/packages.jsonl --key NAME+ID+BASE64",
  ],
  authorised: false,
  input: z.strictObject({
    witness: z.string().min(1).meta({
      description:
        "Folder of the witness, outside the plane and HOLDFAST_HOME: its key and memory, made on first use.",
    }),
    stream: streamName
      .default("ledger/governance.jsonl")
      .meta({ description: "Stream whose checkpoint to sign." }),
    key: z.array(z.string()).optional().meta({
      description:
        "Verifier key of the log to trust from now on; repeat for several. Default: those pinned for this plane.",
    }),
    name: z.string().max(64).optional().meta({ description: "Name of the witness, when its key is made." }),
    out: z.string().min(1).optional().meta({
      description: "File to write the signed checkpoint to, for a witness that may only read the plane.",
    }),
  }),
  run: async (context, { witness, stream: name, key, name: key_name, out }) => {
    const { effects } = context;
    if (out !== undefined) outputPlace(effects, out);
    const plane = planeOf(context);
    const stream = planeStream(plane, name);
    await settleTree(effects, stream);
    const result = await cosign(effects, stream, {
      folder: absolute(effects.host.cwd, witness),
      plane_root: plane.root,
      beside_keys: [plane.keys_directory, holdfastHome(effects.host)],
      name: key_name,
      ...(key !== undefined && { log_keys: key }),
    });
    const written_to = out === undefined ? null : writeOutput(effects, out, result.checkpoint);
    return { result: { stream: name, ...result, written_to } };
  },
  text: ({ stream, witness, origin, size, old_size, witness_key, is_stored, written_to }) => {
    const since =
      old_size === undefined ? "seen for the first time" : `continues the ${old_size} seen before`;
    const kept = `${stream.replace(/\.jsonl$/, "")}/cosigned`;
    const hand_over = is_stored
      ? ""
      : `the plane is only readable: hand the checkpoint over, to lie at ${kept}\n`;
    const written = written_to === null ? "" : `written to ${written_to}\n`;
    return `${witness} signed ${origin} of ${size} entries (${since})\nkey: ${witness_key}\n${hand_over}${written}`;
  },
});
