/** Where the bytes of locked wheels are: in the package itself, or in a folder the operator named. Never anywhere else. */
import type { LockedWheel } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { bare, sameDigest, sha256Hex } from "../../kernel/index.ts";
import { make } from "../faults.ts";
import { WHEEL_LIMITS } from "../wheel/read-zip.ts";

export interface WheelPlaces {
  readonly package_id: string;
  /** Files of the package by bare digest: absolute paths. */
  readonly shipped: ReadonlyMap<string, string>;
  /** Absolute, looked through in order. */
  readonly wheel_directories: readonly string[];
}

/** Bytes that have the digest of the lock. @throws WHEEL_MISSING, WHEEL_DIGEST_MISMATCH, WHEEL_REFUSED */
export function wheelBytes(
  { fs }: Pick<Effects, "fs">,
  locked: LockedWheel,
  places: WheelPlaces,
): Uint8Array {
  const { package_id, shipped, wheel_directories } = places;
  const { wheel, sha256 } = locked;
  const own = shipped.get(bare(sha256));
  const paths = [
    ...(own === undefined ? [] : [own]),
    ...wheel_directories.map((folder) => `${folder}/${wheel}`),
  ];
  const path = paths.find((one) => fs.stat(one)?.kind === "file");
  if (path === undefined) {
    const looked_in = ["the package", ...wheel_directories];
    const message = `${wheel}, locked by ${package_id}, is neither in the package nor in a wheel directory`;
    throw make("WHEEL_MISSING", message, { wheel, package_id, looked_in });
  }
  const size = fs.stat(path)?.size_bytes ?? 0;
  if (size > WHEEL_LIMITS.archive_bytes_max)
    throw make("WHEEL_REFUSED", `${wheel}, locked by ${package_id}, is refused: it has ${size} bytes`, {
      wheel,
      package_id,
      rule: "size",
      member: "",
    });
  const bytes = fs.read(path);
  const actual = sha256Hex(bytes);
  if (sameDigest(actual, sha256)) return bytes;
  const message = `${path} has sha256 ${actual}, ${package_id} locks ${wheel} with ${bare(sha256)}`;
  throw make("WHEEL_DIGEST_MISMATCH", message, { wheel, package_id, path, expected: bare(sha256), actual });
}
