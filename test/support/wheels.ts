/** Wheels made by hand, so that each may break one rule. Zip entries are stored, in the order given. */
import { createHash } from "node:crypto";
import { crc32, deflateRawSync } from "node:zlib";

export interface WheelFields {
  readonly name?: string;
  readonly version?: string;
  readonly tag?: string;
  /** Path to text, below the root of the wheel. */
  readonly files?: Readonly<Record<string, string>>;
  readonly metadata?: readonly string[];
  /** Changes RECORD's lines before they are written. */
  readonly record?: (lines: string[]) => string[];
  /** Changes the entries of the zip, RECORD included. */
  readonly entries?: (entries: ZipEntry[]) => ZipEntry[];
}

export interface ZipEntry {
  readonly name: string;
  readonly bytes: Buffer;
  /** Unix mode with the kind of file. */
  readonly mode?: number;
  /** Written in place of the true size. */
  readonly declared_bytes?: number;
  /** Written in the local header in place of `name`. */
  readonly local_name?: string;
  readonly flags?: number;
  readonly is_deflated?: boolean;
  /** Its local header is the beginning of this earlier entry's bytes (see `localEntry`), not a part of the zip by itself. */
  readonly inside?: string;
}

export interface MadeWheel {
  readonly wheel: string;
  readonly bytes: Buffer;
  readonly sha256: string;
  /** As a lock names it. */
  readonly locked: {
    readonly name: string;
    readonly version: string;
    readonly wheel: string;
    readonly sha256: string;
  };
}

/** A pure wheel with one module `greeting` unless told otherwise. */
export function madeWheel(fields: WheelFields = {}): MadeWheel {
  const { name = "greeting", version = "1.2.0", tag = "py3-none-any" } = fields;
  const project = name.replaceAll("-", "_");
  const info = `${project}-${version}.dist-info`;
  const files = {
    ...(fields.files ?? { [`${project}/__init__.py`]: `VERSION = "${version}"\n` }),
    [`${info}/METADATA`]: [
      "Metadata-Version: 2.1",
      `Name: ${name}`,
      `Version: ${version}`,
      ...(fields.metadata ?? []),
      "",
      "",
    ].join("\n"),
    [`${info}/WHEEL`]: `Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: ${tag}\n`,
  };
  const lines = Object.entries(files).map(([path, text]) => {
    const digest = createHash("sha256").update(text).digest("base64url");
    return `${path},sha256=${digest},${Buffer.byteLength(text)}`;
  });
  const record = (fields.record ?? ((all) => all))([...lines, `${info}/RECORD,,`]).join("\n");
  const entries = [...Object.entries(files), [`${info}/RECORD`, `${record}\n`] as const].map(
    ([path, text]): ZipEntry => ({ name: path, bytes: Buffer.from(text) }),
  );
  const bytes = zipOf((fields.entries ?? ((all) => all))(entries));
  const wheel = `${project}-${version}-${tag}.whl`;
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { wheel, bytes, sha256, locked: { name, version, wheel, sha256: `sha256:${sha256}` } };
}

/** Local header and data. */
export function localEntry(entry: ZipEntry): Buffer {
  const name = entry.local_name ?? entry.name;
  return Buffer.concat([Buffer.from("PK\x03\x04"), headOf(entry, name), Buffer.from(name), packed(entry)]);
}

const packed = ({ bytes, is_deflated }: ZipEntry): Buffer =>
  is_deflated === true ? deflateRawSync(bytes) : bytes;

/** What local headers and the central directory have in common. */
function headOf(entry: ZipEntry, name: string): Buffer {
  const { bytes, flags = 0, is_deflated, declared_bytes = bytes.length } = entry;
  const head = Buffer.alloc(26);
  head.writeUInt16LE(20, 0);
  head.writeUInt16LE(flags | 0x800, 2);
  head.writeUInt16LE(is_deflated === true ? 8 : 0, 4);
  head.writeUInt16LE(0x21, 8);
  head.writeUInt32LE(crc32(bytes), 10);
  head.writeUInt32LE(packed(entry).length, 14);
  head.writeUInt32LE(declared_bytes, 18);
  head.writeUInt16LE(Buffer.byteLength(name), 22);
  return head;
}

function zipOf(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  const offsets = new Map<string, number>();
  let offset = 0;
  for (const entry of entries) {
    const { name, mode = 0o100644, inside } = entry;
    const at = inside === undefined ? offset : (offsets.get(inside) ?? 0) + 30 + Buffer.byteLength(inside);
    offsets.set(name, at);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(at, 10);
    central.push(
      Buffer.concat([Buffer.from("PK\x01\x02\x14\x03"), headOf(entry, name), tail, Buffer.from(name)]),
    );
    if (inside !== undefined) continue;
    const local = localEntry(entry);
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
