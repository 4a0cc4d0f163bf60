import { z } from "zod";
import { cosign, settleTree } from "../ledger/index.ts";
import { absolute, planeStream } from "../plane/index.ts";
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
      description: "Folder of the witness, outside the plane: its key and memory, made on first use.",
    }),
    stream: streamName
      .default("ledger/governance.jsonl")
      .meta({ description: "Stream whose checkpoint to sign." }),
    key: z.array(z.string()).optional().meta({
      description:
        "Verifier key of the log to trust from now on; repeat for several. Default: those pinned for this plane.",
    }),
    name: z.string().max(64).optional().meta({ description: "Name of the witness, when its key is made." }),
  }),
  run: async (context, { witness, stream: name, key, name: key_name }) => {
    const { effects } = context;
    const plane = planeOf(context);
    const stream = planeStream(plane, name);
    await settleTree(effects, stream);
    const result = await cosign(effects, stream, {
      folder: absolute(effects.host.cwd, witness),
      plane_root: plane.root,
      name: key_name,
      ...(key !== undefined && { log_keys: key }),
    });
    return { result: { stream: name, ...result } };
  },
  text: ({ witness, origin, size, old_size, witness_key }) => {
    const since =
      old_size === undefined ? "seen for the first time" : `continues the ${old_size} seen before`;
    return `${witness} signed ${origin} of ${size} entries (${since})\nkey: ${witness_key}\n`;
  },
});
