/** Digests of inputs and results as `stdlib_evidence.hash_json` makes them, so that a plugin's own evidence can be held against them. */
import { prefixed, sha256Hex, spacedJson } from "../kernel/index.ts";
import { parseStrictJson } from "../ledger/index.ts";

/** Of a JSON text: of its canonical form, or of the text itself where that has none (deep nesting, lone surrogates). */
export function evidenceDigest(text: string): string {
  try {
    return prefixed(sha256Hex(spacedJson(parseStrictJson(text).tree)));
  } catch {
    return prefixed(sha256Hex(text));
  }
}
