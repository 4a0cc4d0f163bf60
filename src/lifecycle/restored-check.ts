/** The post-condition of going back: every file is what its receipt says, byte for byte and bit for bit. Runs no plugin code. */
import type { Effects } from "../effects/index.ts";
import { prefixed } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { make } from "./faults.ts";
import type { Conclusion } from "./transact.ts";

/** A file as it must be; the digest is prefixed. */
export interface WantedFile {
  readonly path: string;
  readonly sha256: string;
  readonly executable: boolean;
}

/** @param onStart told when the check begins, and with the count of files when they are all as wanted */
export function restoredCheck(
  { workers }: Pick<Effects, "workers">,
  plane: Plane,
  wanted: readonly WantedFile[],
  { onStart, onChecked }: { readonly onStart: () => void; readonly onChecked: (count: number) => void },
): NonNullable<Conclusion<unknown>["check"]> {
  return {
    phase: "health-check",
    async run() {
      onStart();
      const digests = await workers.digestFiles(wanted.map(({ path }) => `${plane.root}/${path}`));
      const different = wanted.filter(({ sha256, executable }, index) => {
        const digest = digests[index];
        return digest === undefined || prefixed(digest.sha256) !== sha256 || digest.executable !== executable;
      });
      onChecked(wanted.length);
      if (different.length === 0) return;
      const paths = different.map(({ path }) => path);
      throw make("RESTORED_DIFFERS", `${paths.length} restored file(s) are not what they were: ${paths[0]}`, {
        paths: paths.slice(0, 100),
        checked: wanted.length,
      });
    },
  };
}
