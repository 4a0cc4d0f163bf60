/**
 * Builds the wheel that modules/example_palette ships, from wheel_source/ beside it: the same bytes everywhere, since entries
 * are sorted, stored and dated 1980. With --check nothing is written: other bytes, or another lock, fail.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";

const PACKAGE = join(import.meta.dirname, "..", "modules", "example_palette");
const NAME = "example_colours";
const VERSION = "1.0.0";
const TAG = "py3-none-any";
const WHEEL = `${NAME}-${VERSION}-${TAG}.whl`;
const MODE = 0o100644;

/** @returns {{ wheel: string, bytes: Buffer, sha256: string }} */
export function buildWheel() {
  const bytes = zip(members());
  return { wheel: WHEEL, bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

function members() {
  const source = join(PACKAGE, "wheel_source");
  const own = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".py"))
    .map((entry) => join(entry.parentPath, entry.name).slice(source.length + 1))
    .sort()
    .map((path) => [path, readFileSync(join(source, path))]);
  const info = `${NAME}-${VERSION}.dist-info`;
  const text = (...lines) => Buffer.from(`${lines.join("\n")}\n`);
  const files = [
    ...own,
    [
      `${info}/METADATA`,
      text(
        "Metadata-Version: 2.1",
        "Name: example-colours",
        `Version: ${VERSION}`,
        "Requires-Python: >=3.9",
        "License: MIT",
      ),
    ],
    [
      `${info}/WHEEL`,
      text(
        "Wheel-Version: 1.0",
        "Generator: scripts/example-wheel.mjs",
        "Root-Is-Purelib: true",
        `Tag: ${TAG}`,
      ),
    ],
  ];
  const rows = files.map(([path, bytes]) => {
    const digest = createHash("sha256").update(bytes).digest("base64url");
    return `${String(path)},sha256=${digest},${bytes.length}`;
  });
  return [...files, [`${info}/RECORD`, text(...rows, `${info}/RECORD,,`)]];
}

/** Stored entries without extra fields; 1980-01-01 is the first day a zip can name. */
function zip(files) {
  const locals = [];
  const central = [];
  let offset = 0;
  for (const [path, bytes] of files) {
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt16LE(0x21, 8);
    head.writeUInt32LE(crc32(bytes), 10);
    head.writeUInt32LE(bytes.length, 14);
    head.writeUInt32LE(bytes.length, 18);
    head.writeUInt16LE(path.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((MODE << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), head, Buffer.from(path), bytes]);
    central.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x03"), head, tail, Buffer.from(path)]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

if (process.argv[1] === import.meta.filename) {
  const { bytes, sha256 } = buildWheel();
  const file = join(PACKAGE, "wheels", WHEEL);
  if (!process.argv.includes("--check")) {
    mkdirSync(join(PACKAGE, "wheels"), { recursive: true });
    writeFileSync(file, bytes);
  }
  const locks = readFileSync(join(PACKAGE, "pyproject.toml"), "utf8").includes(`"sha256:${sha256}"`);
  const is_built = readFileSync(file).equals(bytes);
  console.log(
    `wheel   ${WHEEL} sha256:${sha256}${is_built ? "" : ", other bytes than built"}${locks ? "" : ", not what pyproject.toml locks"}`,
  );
  if (!is_built || !locks) process.exitCode = 1;
}
