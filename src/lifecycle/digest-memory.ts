/** A plan is made twice, before the plane is locked and under its lock; files that did not change are hashed once. */
import { type Effects, type FileDigest, isSettled, stampOf } from "../effects/index.ts";

/** The same effects, with digests remembered for as long as a file's state proves that its bytes are the same. */
export function withDigestMemory(effects: Effects): Effects {
  const known = new Map<string, { readonly stamp: string; readonly digest: FileDigest }>();
  const { fs, clock, workers } = effects;
  return {
    ...effects,
    workers: {
      ...workers,
      async digestFiles(paths) {
        const read_ms = clock.now_ms();
        const stats = paths.map((path) => fs.stat(path));
        const stamps = stats.map((stat) => (stat?.kind === "file" ? stampOf(stat) : undefined));
        const digests = paths.map((path, index) => {
          const one = known.get(path);
          return one !== undefined && one.stamp === stamps[index] ? one.digest : undefined;
        });
        const unknown = paths.filter((_, index) => digests[index] === undefined);
        const read = (await workers.digestFiles(unknown)).values();
        return paths.map((path, index) => {
          const before = digests[index];
          if (before !== undefined) return before;
          const digest = read.next().value;
          const stat = stats[index];
          const stamp = stamps[index];
          if (digest !== undefined && stamp !== undefined && stat !== undefined && isSettled(stat, read_ms))
            known.set(path, { stamp, digest });
          return digest;
        });
      },
    },
  };
}
