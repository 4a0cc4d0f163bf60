/**
 * Digests of an environment's files as they were read before, kept beside what else is derived: a run would else read whole
 * wheels to know that nobody changed them. A digest is believed while the file's state is the one it had before it was read,
 * and that was long enough after its last change; the list is bound to the plane's secret, so that who can write it can not
 * make one up. In doubt the file is read.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { type Effects, isSettled, stampOf } from "../../effects/index.ts";
import { type Plane, secretOf } from "../../plane/index.ts";
import type { DigestFiles } from "./verify.ts";

type Needs = Pick<Effects, "fs" | "workers" | "clock" | "random" | "host">;

interface Known {
  readonly stamp: string;
  readonly sha256: string;
  readonly executable: boolean;
}

const VERSION = 1;

export const digestsPath = (root: string, key: string): string =>
  `${root}/.holdfast/cache/environment-${key}.json`;

/** Never throws for a list that cannot be read, believed or kept. */
export function knownDigests(effects: Needs, plane: Plane, key: string): DigestFiles {
  const { fs, workers, clock } = effects;
  const path = digestsPath(plane.root, key);
  return async (paths) => {
    const secret = planeSecret(effects, plane);
    const before = secret === undefined ? new Map<string, Known>() : readList(fs, path, secret);
    const from_ms = clock.now_ms();
    const stats = paths.map((one) => fs.stat(one));
    const believed = paths.map((one, index): Known | undefined => {
      const [stat, known] = [stats[index], before.get(one)];
      return stat?.kind === "file" && known?.stamp === stampOf(stat) ? known : undefined;
    });
    const unread = paths.filter((_, index) => believed[index] === undefined);
    if (unread.length === 0) return believed;
    const digests = await workers.digestFiles(unread);
    const read = new Map(unread.map((one, index) => [one, digests[index]]));
    const now = paths.map((one, index) => believed[index] ?? read.get(one));
    const kept = paths.flatMap((one, index): [string, Known][] => {
      const [stat, digest] = [stats[index], now[index]];
      if (stat === undefined || digest === undefined || !isSettled(stat, from_ms)) return [];
      const { sha256, executable } = digest;
      return [[one, { stamp: stampOf(stat), sha256, executable }]];
    });
    if (secret !== undefined) keepList(effects, path, secret, kept);
    return now;
  };
}

function planeSecret(effects: Needs, plane: Plane): string | undefined {
  try {
    return secretOf(effects, plane).secret;
  } catch {
    return undefined;
  }
}

/** Over the path too: a list of one environment is none of another. */
const macOf = (secret: string, path: string, text: string): Buffer =>
  createHmac("sha256", secret).update(`environment digests\n${VERSION}\n${path}\n${text}`).digest();

function readList(fs: Effects["fs"], path: string, secret: string): Map<string, Known> {
  try {
    const { mac, files } = JSON.parse(fs.readText(path)) as { mac: string; files: [string, Known][] };
    const given = Buffer.from(mac, "hex");
    const wanted = macOf(secret, path, JSON.stringify(files));
    return given.length === wanted.length && timingSafeEqual(given, wanted) ? new Map(files) : new Map();
  } catch {
    return new Map();
  }
}

function keepList(
  { fs, random }: Pick<Effects, "fs" | "random">,
  path: string,
  secret: string,
  files: readonly [string, Known][],
): void {
  const temp = `${path}.${random.hex(6)}`;
  try {
    const mac = macOf(secret, path, JSON.stringify(files)).toString("hex");
    const file = fs.openWrite(temp, { mode: 0o644, how: "exclusive" });
    file.write(Buffer.from(`${JSON.stringify({ version: VERSION, mac, files })}\n`));
    file.close();
    fs.rename(temp, path);
  } catch {
    // A plane that can only be read.
  }
}
