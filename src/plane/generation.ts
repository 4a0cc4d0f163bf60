/** The numbered state of a plane and the registry bytes it was committed with. Changed only inside transactions. */
import { REGISTRY_NAMES, type RegistryName } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { digestOf } from "../index-db/index.ts";
import { prettyJson } from "../kernel/index.ts";
import { make } from "./faults.ts";
import { GENERATION_PATH, registryPath } from "./paths.ts";

export interface Generation {
  readonly generation: number;
  readonly transaction_id: string;
  /** sha256 of each registry file as committed; a difference is a hand edit. */
  readonly registries: Readonly<Partial<Record<RegistryName, string>>>;
}

/** Undefined in a plane where nothing was committed. @throws STATE_DAMAGED */
export function readGeneration(fs: FileSystem, root: string): Generation | undefined {
  if (fs.stat(`${root}/${GENERATION_PATH}`) === undefined) return undefined;
  try {
    const value = JSON.parse(fs.readText(`${root}/${GENERATION_PATH}`)) as Generation;
    if (Number.isSafeInteger(value.generation) && typeof value.registries === "object") return value;
  } catch {
    // Reported below, with what to do about it.
  }
  throw make("STATE_DAMAGED", `${GENERATION_PATH} is not what a transaction wrote`, {
    path: GENERATION_PATH,
  });
}

export const generationBytes = (generation: Generation): Buffer =>
  Buffer.from(prettyJson({ ...generation, registries: { ...generation.registries } }));

/** Registries whose bytes are not those of the last commit, with both digests. */
export function editedRegistries(
  fs: FileSystem,
  root: string,
): { name: RegistryName; committed: string | undefined; found: string | undefined }[] {
  const committed = readGeneration(fs, root)?.registries ?? {};
  return REGISTRY_NAMES.map((name) => ({
    name,
    committed: committed[name],
    found: digestOf(fs, `${root}/${registryPath(name)}`),
  })).filter((entry) => entry.committed !== entry.found);
}
