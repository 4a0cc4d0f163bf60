/** Copies a surveyed plane into a folder that is no plane yet. The source is only read. */
import type { Effects, FileSystem } from "../../effects/index.ts";
import { compareCodePoints, type Hex, sha256Stream } from "../../kernel/index.ts";
import { sealedPath } from "../../ledger/index.ts";
import { sidecarPath } from "../../store/index.ts";
import { make } from "../faults.ts";
import type { Survey } from "./survey.ts";

const BUFFER_BYTES = 1 << 20;
const BREATHE_EVERY = 64;

/** @returns digests of what was copied, by the path it has here @throws IMPORT_SOURCE_CHANGED, INTERRUPTED */
export async function stageSource(
  effects: Effects,
  survey: Survey,
  staging: string,
): Promise<Map<string, Hex>> {
  const { fs, clock, signal } = effects;
  const digests = new Map<string, Hex>();
  const copies = [...plainCopies(survey), ...sealedCopies(survey)];
  const folders = new Set<string>();
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  for (const [number, { from, to, sha256 }] of copies.entries()) {
    if (number % BREATHE_EVERY === 0) await clock.breathe();
    signal.throwIfAborted();
    makeFolders(fs, staging, to, folders);
    const stat = survey.walked.files.get(from);
    const mode = stat === undefined ? 0o644 : stat.mode & 0o755;
    const copied = copyOne(fs, buffer, `${survey.source}/${from}`, {
      to: `${staging}/${to}`,
      mode: mode | 0o600,
    });
    if (copied === undefined || (sha256 !== undefined && copied !== sha256))
      throw make("IMPORT_SOURCE_CHANGED", `${from} changed while it was read`, { path: from });
    digests.set(to, copied);
  }
  for (const { path, sha256 } of survey.archives) {
    if (!digests.has(sidecarPath(path))) writeNew(fs, `${staging}/${sidecarPath(path)}`, Buffer.from(sha256));
  }
  await fs.syncFiles(copies.map(({ to }) => `${staging}/${to}`));
  for (const folder of folders) fs.syncDirectory(`${staging}/${folder}`);
  return digests;
}

interface Copy {
  readonly from: string;
  readonly to: string;
  /** Where the survey read the bytes already. */
  readonly sha256?: string | undefined;
}

function plainCopies({ carried, archives, packages }: Survey): Copy[] {
  const known = new Map([
    ...archives.map(({ path, sha256 }) => [path, sha256] as const),
    ...packages.flatMap(({ kept }) => kept.map(({ path, found }) => [path, found.sha256] as const)),
  ]);
  return carried.flatMap(({ from, to }) => (to === undefined ? [] : [{ from, to, sha256: known.get(from) }]));
}

const sealedCopies = ({ ledgers }: Survey): Copy[] => {
  const copies = ledgers.flatMap(({ stream, segments }) =>
    segments.map(({ name, sha256 }) => ({ from: name, to: sealedPath(stream, sha256, "jsonl"), sha256 })),
  );
  // Two parts with the same bytes are one sealed file.
  return [...new Map(copies.map((copy) => [copy.to, copy])).values()];
};

function makeFolders(fs: FileSystem, staging: string, path: string, made: Set<string>): void {
  for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) {
    const folder = path.slice(0, at);
    if (made.has(folder)) continue;
    made.add(folder);
    if (fs.stat(`${staging}/${folder}`) === undefined) fs.makeDirectory(`${staging}/${folder}`);
  }
}

/** Undefined when the source is no regular file any more. */
function copyOne(
  fs: FileSystem,
  buffer: Buffer,
  from: string,
  { to, mode }: { readonly to: string; readonly mode: number },
): Hex | undefined {
  let source: ReturnType<FileSystem["openRead"]>;
  try {
    source = fs.openRead(from);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT" || (error as { code?: string }).code === "ELOOP")
      return undefined;
    throw error;
  }
  try {
    if (source.stat().kind !== "file") return undefined;
    const target = fs.openWrite(to, { mode, how: "exclusive" });
    try {
      const hash = sha256Stream();
      for (let count = source.read(buffer); count > 0; count = source.read(buffer)) {
        hash.update(buffer.subarray(0, count));
        target.write(buffer.subarray(0, count));
      }
      if (fs.stat(to)?.mode !== mode) fs.setMode(to, mode);
      return hash.digest("hex");
    } finally {
      target.close();
    }
  } finally {
    source.close();
  }
}

export function writeNew(fs: FileSystem, path: string, bytes: Uint8Array): void {
  const handle = fs.openWrite(path, { mode: 0o644, how: "exclusive" });
  try {
    handle.write(bytes);
    handle.sync();
  } finally {
    handle.close();
  }
}

/** `sha256sum -c` form over originals kept aside, so that anybody can check them. */
export function sumsOf(digests: ReadonlyMap<string, Hex>, legacy: string): string {
  return [...digests]
    .filter(([path]) => path.startsWith(`${legacy}/`))
    .sort(([a], [b]) => compareCodePoints(a, b))
    .map(([path, digest]) => `${digest}  ${path.slice(legacy.length + 1)}\n`)
    .join("");
}
