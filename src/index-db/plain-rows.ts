/** Registries that were read whole and found sound, so that a row of them is found by its bytes. */
import type { RegistryName } from "../contracts/index.ts";
import { isSettled, stampOf } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { isReadByBytes, RowsByBytes } from "../registry/index.ts";
import { type IndexEffects, withIndex } from "./open.ts";
import { currentSource, keepSource } from "./sources.ts";

/** Larger ones are not taken into memory. */
const BYTES_MAX = 64 << 20;
const PLAIN = "a row on each line, no key twice";

/** Undefined where the registry is damaged, has rows of several lines or a key twice, or may have changed a moment ago. */
export function plainRows(effects: IndexEffects, root: string, name: RegistryName): RowsByBytes | undefined {
  return withIndex<RowsByBytes | undefined>(
    effects,
    root,
    (database) => {
      const { fs, clock } = effects;
      const path = `${root}/registries/${name}.csv`;
      const stat = fs.stat(path);
      if (stat?.kind !== "file" || stat.size_bytes > BYTES_MAX) return undefined;
      const source = `keyed rows of ${name}`;
      const stamp = stampOf(stat);
      let known = currentSource(database, source);
      if (known?.stamp !== stamp || !isSettled(stat, known.read_ms)) {
        const read_ms = clock.now_ms();
        const digest = isPlain(effects, path, name) ? PLAIN : "";
        known = { stamp, read_ms, digest };
        const kept = known;
        if (isSettled(stat, read_ms)) database.change(() => keepSource(database, source, kept));
        else return undefined;
      }
      return known.digest === PLAIN ? rowsOf(effects, path, name) : undefined;
    },
    () => undefined,
  );
}

function rowsOf({ fs }: Pick<IndexEffects, "fs">, path: string, name: RegistryName): RowsByBytes | undefined {
  try {
    return new RowsByBytes(name, fs.read(path));
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

function isPlain({ fs }: Pick<IndexEffects, "fs">, path: string, name: RegistryName): boolean {
  try {
    return isReadByBytes(fs, path, name);
  } catch (error) {
    // Left to the reader of the file, where it becomes a finding.
    if (error instanceof Fault) return false;
    throw error;
  }
}
