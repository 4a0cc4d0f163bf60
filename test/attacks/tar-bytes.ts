/** Builds tar archives byte by byte, with every field open to forgery. Shares nothing with the product's own encoder. */
import { gzipSync } from "node:zlib";

export interface Forged {
  readonly name?: string | Buffer;
  readonly type?: string;
  readonly mode?: number;
  /** Size told by the header; default: the body's. */
  readonly size?: number;
  /** Raw bytes written over a field after everything else, before the checksum. */
  readonly raw?: readonly (readonly [at: number, bytes: string | Buffer])[];
  readonly magic?: string;
  readonly prefix?: string;
  readonly link?: string;
  readonly checksum?: string;
  readonly body?: string | Buffer;
}

export const octal = (value: number, digits: number): string =>
  `${value.toString(8).padStart(digits, "0")}\0`;

export function record(forged: Forged): Buffer {
  const body = Buffer.from(forged.body ?? "");
  const header = Buffer.alloc(512);
  const put = (at: number, text: string | Buffer): void => {
    Buffer.from(text).copy(header, at);
  };
  put(0, forged.name ?? "file.txt");
  put(100, octal(forged.mode ?? 0o644, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(forged.size ?? body.length, 11));
  put(136, octal(0, 11));
  put(156, forged.type ?? "0");
  put(157, forged.link ?? "");
  put(257, forged.magic ?? "ustar\x0000");
  put(345, forged.prefix ?? "");
  for (const [at, bytes] of forged.raw ?? []) put(at, bytes);
  put(148, "        ");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, forged.checksum ?? `${sum.toString(8).padStart(6, "0")}\0 `);
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

export const END = Buffer.alloc(1024);
export const MANIFEST = record({ name: "manifest.json", body: "{}" });

/** A whole tar: the manifest, the given records, the end. */
export const tar = (...records: readonly Buffer[]): Buffer => Buffer.concat([MANIFEST, ...records, END]);

export function gzip(bytes: Buffer): Buffer {
  const packed = gzipSync(bytes);
  packed[9] = 255;
  return packed;
}

export const targz = (...records: readonly Buffer[]): Buffer => gzip(tar(...records));

export function pax(fields: Record<string, string>, type = "x"): Buffer {
  const body = Object.entries(fields)
    .map(([key, value]) => paxLine(key, value))
    .join("");
  return record({ name: "././@PaxHeader", type, mode: 0, body });
}

function paxLine(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

export const longName = (name: string, type = "L"): Buffer =>
  record({ name: "././@LongLink", type, body: `${name}\0` });
