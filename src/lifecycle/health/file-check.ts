/** Kind `file`: it must be there with its recorded bytes. Nothing is run. */
import type { Effects } from "../../effects/index.ts";
import { sameDigest, sha256Stream } from "../../kernel/index.ts";
import type { Judged } from "./report.ts";
import type { HealthSubject } from "./subject.ts";

const BUFFER_BYTES = 1 << 20;

/** `path` is plane-relative. */
export function checkFile(
  { fs }: Pick<Effects, "fs">,
  plane_root: string,
  { package_id, files }: HealthSubject,
  path: string,
): Judged {
  const recorded = files.find((file) => file.path === path);
  const unhealthy = (reason: string): Judged => ({ verdict: "unhealthy", reason });
  if (recorded === undefined) return unhealthy(`${path} is not a file of ${package_id}`);
  const full = `${plane_root}/${path}`;
  try {
    const found = fs.stat(full);
    if (found === undefined) return unhealthy(`${path} is missing`);
    if (found.kind !== "file") return unhealthy(`${path} is a ${found.kind}`);
    if (fs.realPath(full) !== full) return unhealthy(`${path} is reached through a symbolic link`);
    if (found.size_bytes !== recorded.size_bytes)
      return unhealthy(`${path} has ${found.size_bytes} bytes instead of ${recorded.size_bytes}`);
    if (found.executable !== recorded.executable)
      return unhealthy(`${path} is ${found.executable ? "" : "not "}executable, against its record`);
    if (!sameDigest(digestOf(fs, full), recorded.sha256)) return unhealthy(`${path} has other bytes`);
    return { verdict: "healthy", reason: `${path} has its recorded bytes` };
  } catch (error) {
    const problem = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return { verdict: "unknown", reason: `${path} could not be read (${problem})` };
  }
}

function digestOf(fs: Effects["fs"], path: string): string {
  const digest = sha256Stream();
  const buffer = new Uint8Array(BUFFER_BYTES);
  const file = fs.openRead(path);
  try {
    for (let count = file.read(buffer); count > 0; count = file.read(buffer))
      digest.update(buffer.subarray(0, count));
  } finally {
    file.close();
  }
  return digest.digest("hex");
}
