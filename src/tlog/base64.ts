import { Malformed } from "./malformed.ts";

/** Bytes of standard base64 (RFC 4648 section 4) in its one canonical spelling: Buffer would forgive others. @throws Malformed */
export function fromBase64(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  if (text === "" || bytes.toString("base64") !== text) throw new Malformed(`${what} is not base64`);
  return bytes;
}

export const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
