/** A fresh folder only this user can enter, and its removal with whatever a hostile program left in it. */
import type { Effects } from "../effects/index.ts";
import { TOOL_ENVIRONMENT } from "./environment.ts";

type Needs = Pick<Effects, "fs" | "subprocess" | "host" | "random">;

const REMOVE_TIMEOUT_MS = 30_000;

/** Absolute, links resolved. */
export function makePrivateTemp({ fs, host, random }: Needs): string {
  const named = host.env["TMPDIR"];
  const folder = named?.startsWith("/") ? named : "/tmp";
  const path = `${fs.realPath(folder)}/holdfast-${random.hex(12)}`;
  fs.makeDirectory(path, 0o700);
  return path;
}

/** Never throws: what cannot be removed is nobody's but this user's, in a folder with a name of its own. */
export async function removePrivateTemp({ fs, subprocess }: Needs, path: string): Promise<void> {
  try {
    fs.removeDirectory(path);
    return;
  } catch {
    // Not empty. The system's own tools remove any depth and do not follow links; folders may have been made unreadable.
  }
  const limits = { timeout_ms: REMOVE_TIMEOUT_MS, stdout_bytes_max: 1 << 20 };
  for (const command of [
    ["/bin/chmod", "-R", "u+rwX", "--", path],
    ["/bin/rm", "-rf", "--one-file-system", "--", path],
  ])
    await subprocess.run({ argv: command, cwd: "/", env: TOOL_ENVIRONMENT, limits }).catch(() => undefined);
}
