/** The first records of a plane: frameworks in their registry, the first entry of each ledger, the first generation. */
import { REGISTRY_NAMES } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { appendEntries, genesisEntry, type SealedPrefix, streamHead } from "../ledger/index.ts";
import {
  digestOf,
  GENERATION_PATH,
  generationBytes,
  PACKAGES_STREAM,
  type Plane,
  planeStream,
  registryPath,
  replaceFile,
  TIER_STREAMS,
} from "../plane/index.ts";
import { findRow, rewriteRegistry } from "../registry/index.ts";
import { readFrameworkTitle } from "./chain.ts";
import { createdAt } from "./package-row.ts";

/** Framework documents that lie in the plane are registered; a spec can then comply with them. */
export function registerFrameworks(effects: Effects, plane: Plane): void {
  const { fs, random } = effects;
  const ids = fs
    .list(`${plane.root}/frameworks`)
    .flatMap(({ name }) => /^(FMWK-[A-Z0-9-]+?)(?:_.*)?\.md$/.exec(name)?.[1] ?? []);
  const path = `${plane.root}/${registryPath("frameworks_registry")}`;
  const rows = ids
    .filter((id) => findRow(fs, path, "frameworks_registry", [id]) === undefined)
    .map((framework_id) => ({
      framework_id,
      title: readFrameworkTitle(effects, plane.root, framework_id) ?? framework_id,
      status: "active",
      version: "1.0.0",
      plane_id: "ho3",
      created_at: createdAt(effects),
    }));
  if (rows.length === 0) return;
  const next = `${path}.${random.hex(6)}.tmp`;
  rewriteRegistry(fs, {
    name: "frameworks_registry",
    from: path,
    to: next,
    upsert: rows,
    remove: [],
    insert: "sorted",
  });
  fs.rename(next, path);
  fs.syncDirectory(`${plane.root}/registries`);
}

/** One chain a tier; each lower one's first entry names the head of the one above it. */
export async function writeGenesis(
  effects: Effects,
  plane: Plane,
  sealed: ReadonlyMap<string, SealedPrefix>,
): Promise<void> {
  let parent: { stream: string; entry_hash: string; entries: number } | undefined;
  for (const [tier, name] of [
    ["ho3", TIER_STREAMS.ho3],
    ["ho3", PACKAGES_STREAM],
    ["ho2", TIER_STREAMS.ho2],
    ["ho1", TIER_STREAMS.ho1],
  ] as const) {
    const stream = planeStream(plane, name);
    if (streamHead(effects.fs, stream) === undefined) {
      const entry = genesisEntry({ tier, ...(parent === undefined ? {} : { parent }) });
      const prefix = sealed.get(name);
      const legacy = prefix === undefined ? {} : { legacy: { ...prefix } };
      await appendEntries(effects, stream, [{ ...entry, metadata: { ...entry.metadata, ...legacy } }]);
    }
    const head = streamHead(effects.fs, stream);
    if (name !== PACKAGES_STREAM && head !== undefined) parent = { stream: name, ...head };
  }
}

export function writeGeneration(effects: Effects, plane: Plane): void {
  const { fs } = effects;
  const registries = Object.fromEntries(
    REGISTRY_NAMES.map((name) => [name, digestOf(fs, `${plane.root}/${registryPath(name)}`) ?? ""]),
  );
  replaceFile(
    effects,
    `${plane.root}/${GENERATION_PATH}`,
    generationBytes({ generation: 0, transaction_id: "", registries }),
  );
}
