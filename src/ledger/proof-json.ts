/** A proof as `pkg ledger prove --json` prints it: the proof file as a text, and what it says in fields of their own. */
import { Malformed, type parseProofFile, toBase64 } from "../tlog/index.ts";
import { parseStrictJson } from "./strict-json.ts";

type Proof = ReturnType<typeof parseProofFile>;
export type Stated = Readonly<Record<string, unknown>>;

const OPENING_BRACE = 0x7b;

/** Undefined where the bytes are not of the JSON form. @throws Malformed */
export function readJsonForm(
  bytes: Uint8Array,
): { readonly proof: Buffer; readonly stated: Stated } | undefined {
  if (bytes[0] !== OPENING_BRACE) return undefined;
  const stated = parsed(bytes);
  const proof = stated["proof"];
  if (typeof proof !== "string") throw new Malformed('the JSON has no "proof", the text of the proof itself');
  return { proof: Buffer.from(proof), stated };
}

function parsed(bytes: Uint8Array): Stated {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    // Two fields of one name would be read as either by others. Lines know no blanks but spaces.
    parseStrictJson(text.replace(/[\r\n\t]/g, " "));
    return JSON.parse(text) as Stated;
  } catch (error) {
    throw new Malformed(`the JSON cannot be read: ${(error as Error).message}`);
  }
}

/** Whoever reads the fields must not read something else than what is proven. @throws Malformed */
export function agrees(stated: Stated, proof: Proof): void {
  const { origin } = proof.checkpoint;
  const proven = fieldsOf(proof);
  for (const [field, value] of Object.entries(proven)) {
    const found = stated[field];
    if (found !== undefined && JSON.stringify(found) !== JSON.stringify(value))
      throw new Malformed(`its "${field}" is not what its proof says`);
  }
  const { stream } = stated;
  if (stream !== undefined && !(typeof stream === "string" && `${origin}.jsonl`.endsWith(`/${stream}`)))
    throw new Malformed('its "stream" is not the one of its proof');
}

function fieldsOf(proof: Proof): Record<string, unknown> {
  const { origin, size, root } = proof.checkpoint;
  const known = {
    kind: proof.kind,
    origin,
    size,
    root: Buffer.from(root).toString("hex"),
    hashes: proof.hashes.map(toBase64),
  };
  if (proof.kind === "consistency")
    return { ...known, old_size: proof.old_size, index: undefined, line: undefined };
  const line = proof.extra === undefined ? undefined : Buffer.from(proof.extra).toString("utf8");
  return { ...known, index: proof.index, line, old_size: undefined };
}
