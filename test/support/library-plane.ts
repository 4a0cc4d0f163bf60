/** A plane driven through the library, in this process, with effects a test may exchange. */
import { cpSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Effects } from "../../src/effects/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import {
  type InstallRequest,
  initPlane,
  install,
  pack,
  type RollbackRequest,
  rollback,
  uninstall,
} from "../../src/lifecycle/index.ts";
import { openPlane, type Plane } from "../../src/plane/index.ts";
import { temporaryFolder } from "./tree.ts";

export interface LibraryPlane {
  readonly root: string;
  readonly effects: Effects;
  readonly plane: Plane;
  readonly token: string;
  pack(src: string, more?: { id?: string; replace?: boolean }): ReturnType<typeof pack>;
  install(
    ids: readonly string[],
    more?: Partial<InstallRequest>,
    effects?: Effects,
  ): ReturnType<typeof install>;
  update(
    ids: readonly string[],
    more?: Partial<InstallRequest>,
    effects?: Effects,
  ): ReturnType<typeof install>;
  /** No id: undo. */
  rollback(
    ids: readonly string[],
    more?: Partial<RollbackRequest>,
    effects?: Effects,
  ): ReturnType<typeof rollback>;
  uninstall(
    ids: readonly string[],
    more?: { purge?: boolean; accept_drift?: boolean; dry_run?: boolean },
    effects?: Effects,
  ): ReturnType<typeof uninstall>;
}

const effectsIn = (folder: string): Effects =>
  nodeEffects({ host: { env: { PATH: process.env["PATH"] }, home: join(folder, "home"), cwd: folder } });

/** `folder`: where plane and keys come to lie; the caller removes it. Default: one that goes with the test. */
export async function libraryPlane(folder = temporaryFolder()): Promise<LibraryPlane> {
  const made = await initPlane(effectsIn(folder), {
    directory: join(folder, "plane"),
    dry_run: false,
    templates: new Map(),
    launcher: { node: process.execPath, script: "/nowhere/holdfast.cjs" },
  });
  return openedIn(folder, readFileSync(made.token_file ?? "", "utf8").trim());
}

/** The same plane and keys in another folder, at a tenth of the cost of making them. */
export function copyOfPlane({ root, token }: LibraryPlane, folder = temporaryFolder()): LibraryPlane {
  cpSync(dirname(root), folder, { recursive: true, preserveTimestamps: true });
  return openedIn(folder, token);
}

function openedIn(folder: string, token: string): LibraryPlane {
  const root = join(folder, "plane");
  const effects = effectsIn(folder);
  const plane = openPlane(effects, root);
  const runtime = async () => ({ host: "1.0.0", api: "1.0.0", node: "24.0.0", python: "3.11.0" });
  return {
    root,
    effects,
    plane,
    token,
    pack: (src, more = {}) =>
      pack(effects, plane, { src: join(root, src), dry_run: false, replace: false, token, ...more }),
    install: (ids, more = {}, given = effects) =>
      install(given, plane, {
        wanted: ids.map((id) => ({ id })),
        token,
        dry_run: false,
        runtime,
        ...more,
      }),
    update: (ids, more = {}, given = effects) =>
      install(given, plane, {
        mode: "update",
        wanted: ids.map((id) => ({ id })),
        token,
        dry_run: false,
        runtime,
        ...more,
      }),
    rollback: (ids, more = {}, given = effects) =>
      rollback(given, plane, { ids, token, dry_run: false, accept_drift: false, ...more }),
    uninstall: (ids, more = {}, given = effects) =>
      uninstall(given, plane, { ids, token, dry_run: false, purge: false, accept_drift: false, ...more }),
  };
}

/** `holdfast.toml` of a package, as an author writes it. */
export function packageToml(id: string, fields: Record<string, unknown> = {}): string {
  const lines = Object.entries({ id, version: "1.0.0", ...fields }).map(
    ([key, value]) => `${key} = ${tomlValue(value)}`,
  );
  return `${lines.join("\n")}\n`;
}

function tomlValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, inner]) => `${key} = ${tomlValue(inner)}`)
      .join(", ")} }`;
  }
  return JSON.stringify(value);
}
