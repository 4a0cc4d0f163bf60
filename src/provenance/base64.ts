/**
 * Bytes of base64 in either alphabet (RFC 4648 section 4 or 5), padded or not, as DSSE asks of verifiers. Undefined for
 * mixed alphabets, blanks, wrong lengths and set bits behind the last byte: one text per sequence of bytes.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bare = text.replace(/={1,2}$/, "");
  if (text.length !== bare.length && text.length % 4 !== 0) return undefined;
  const standard = /^[A-Za-z0-9+/]*$/.test(bare);
  if (!standard && !/^[A-Za-z0-9_-]*$/.test(bare)) return undefined;
  const alphabet = standard ? "base64" : "base64url";
  const bytes = Buffer.from(bare, alphabet);
  return bytes.toString(alphabet).replace(/=+$/, "") === bare ? new Uint8Array(bytes) : undefined;
}

export const encodeBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
