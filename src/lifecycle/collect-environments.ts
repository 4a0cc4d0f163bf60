/** Environments go with the last package that locks them. */
import type { Effects } from "../effects/index.ts";
import type { Plane } from "../plane/index.ts";
import {
  ENVIRONMENTS_DIRECTORY,
  environmentAt,
  type SweptEnvironments,
  sweepEnvironments,
  verifyEnvironment,
} from "../python/index.ts";

/** After every commit, under the plane lock. What cannot be removed now is removed the next time. */
export async function collectEnvironments(effects: Pick<Effects, "fs">, plane: Plane): Promise<void> {
  try {
    await sweepEnvironments(effects, plane.root, { dry_run: false });
  } catch {
    // `pkg gc` says why.
  }
}

/** Those no receipt names, and those that are not what was built: the next run builds them again. */
export function sweepAllEnvironments(
  { fs, workers }: Pick<Effects, "fs" | "workers">,
  plane: Plane,
  dry_run: boolean,
): Promise<SweptEnvironments> {
  const verifier = { fs, digestFiles: (paths: readonly string[]) => workers.digestFiles(paths) };
  return sweepEnvironments({ fs }, plane.root, {
    dry_run,
    isDamaged: async (key, { content_digests }) => {
      const directory = `${plane.root}/${ENVIRONMENTS_DIRECTORY}/${key}`;
      const found = environmentAt(fs, directory, key);
      const [content_digest] = content_digests;
      if (found === undefined || content_digests.size > 1) return true;
      return (await verifyEnvironment(verifier, directory, found.record, content_digest)).length > 0;
    },
  });
}
