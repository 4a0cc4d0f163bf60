import { Malformed } from "./malformed.ts";

/** A whole number from 0 to 2^53−1 without sign or leading zeros. @throws Malformed */
export function fromDecimal(text: string, what: string): number {
  const value = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new Malformed(`${what} is not a number`);
  return value;
}
