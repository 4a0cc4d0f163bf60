/** The witnesses named on a command line: keys, or files that hold one a line. */
import { type DemandedWitnesses, readNoteKey } from "../ledger/index.ts";
import type { Context } from "./define.ts";
import { make } from "./faults.ts";
import { readGiven } from "./given-file.ts";

/** @throws LEDGER_KEY_MALFORMED, WITNESSES_TOO_FEW */
export function demandedWitnesses(
  { effects }: Context,
  given: { readonly witness?: readonly string[] | undefined; readonly witnesses_min?: number | undefined },
): DemandedWitnesses | undefined {
  const { witness = [], witnesses_min } = given;
  const texts = witness.flatMap((text) =>
    IS_KEY.test(text) ? [text] : keysIn(readGiven(effects, text).toString("utf8")),
  );
  // One key under two names is one witness.
  const keys = new Map(
    texts
      .map((text) => readNoteKey(text, "cosignature"))
      .map((key) => [Buffer.from(key.public_key).toString("hex"), key]),
  );
  if (witness.length === 0 && witnesses_min === undefined) return undefined;
  const count_min = witnesses_min ?? keys.size;
  if (keys.size === 0 || count_min > keys.size) {
    const message = `${count_min} witness(es) must have signed, and ${keys.size} are named`;
    throw make("WITNESSES_TOO_FEW", message, { wanted: count_min, named: keys.size });
  }
  return { keys: [...keys.values()], count_min };
}

const IS_KEY = /^[^+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*$/;

const keysIn = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
