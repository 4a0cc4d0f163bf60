/** Whether what lies in a folder can become part of a plane. Reads only: `pkg init` changes nothing before all is judged. */
import type { RegistryName } from "../contracts/index.ts";
import { REGISTRY_NAMES } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import type { Fault } from "../kernel/index.ts";
import { verifyStream } from "../ledger/index.ts";
import { CONFIG_PATH, PLANE_STREAMS, type Plane, planeStream, registryPath } from "../plane/index.ts";
import { checkRegistry } from "../registry/index.ts";
import { make } from "./faults.ts";

type Needs = Pick<Effects, "fs">;

/** With these no row of the file can be changed. Odd cells can be: `pkg registry validate` tells of them. */
const UNUSABLE = new Set([
  "REGISTRY_UNREADABLE",
  "REGISTRY_HEADER_INVALID",
  "REGISTRY_COLUMN_MISSING",
  "REGISTRY_SYNTAX",
  "REGISTRY_ENCODING",
  "REGISTRY_CELL_COUNT",
  "REGISTRY_KEY_DUPLICATE",
]);

/** @throws PLANE_EXISTS, INIT_TARGET_REFUSED */
export function refuseTarget({ fs }: Needs, root: string): void {
  if (fs.stat(`${root}/${CONFIG_PATH}`) !== undefined)
    throw make("PLANE_EXISTS", `${root} is a plane already`, { path: root });
  const found = fs.stat(root);
  // Named through a link is fine: what counts is where that leads.
  const kind = found?.kind === "symlink" ? fs.stat(realOf({ fs }, root))?.kind : found?.kind;
  if (found !== undefined && kind !== "directory") {
    throw make("INIT_TARGET_REFUSED", `${root} is not a folder`, { path: root, reason: found.kind });
  }
  if (root === "/")
    throw make("INIT_TARGET_REFUSED", "the root of the file system cannot be a plane", {
      path: root,
      reason: "root",
    });
}

/** Where a link leads; its own path when that is nowhere. */
function realOf({ fs }: Needs, path: string): string {
  try {
    return fs.realPath(path);
  } catch {
    return path;
  }
}

/** Complete list of what lies there and would stop an init half way, or leave a plane that takes no change. */
export function judgeFound(
  { fs }: Needs,
  plane: Plane,
  expected: { readonly folders: readonly string[]; readonly files: readonly string[] },
): Fault[] {
  const { root } = plane;
  if (fs.stat(root) === undefined) return [];
  const kinds = [
    ...expected.folders.map((path) => [path, "directory"] as const),
    ...[...expected.files, ...PLANE_STREAMS].map((path) => [path, "file"] as const),
  ];
  const wrong = kinds.flatMap(([path, wanted]) => {
    const kind = fs.stat(`${root}/${path}`)?.kind;
    const what = wanted === "file" ? "a regular file" : "a folder";
    return kind === undefined || kind === wanted
      ? []
      : [unusable(path, `it is a ${kind} and must be ${what}`)];
  });
  if (wrong.length > 0) return wrong;
  return [
    ...REGISTRY_NAMES.flatMap((name) => judgeRegistry({ fs }, root, name)),
    ...PLANE_STREAMS.flatMap((name) => judgeStream({ fs }, plane, name)),
    ...[".gitignore", ...frameworkFiles({ fs }, root)].flatMap((path) => judgeText({ fs }, root, path)),
  ];
}

function judgeRegistry({ fs }: Needs, root: string, name: RegistryName): Fault[] {
  const path = registryPath(name);
  if (fs.stat(`${root}/${path}`) === undefined) return [];
  const bad = checkRegistry(fs, `${root}/${path}`, name).find(
    ({ severity, code }) => severity === "error" && UNUSABLE.has(code),
  );
  return bad === undefined ? [] : [unusable(path, bad.message)];
}

function judgeStream({ fs }: Needs, plane: Plane, name: string): Fault[] {
  if (fs.stat(`${plane.root}/${name}`) === undefined) return [];
  const { first_bad, findings } = verifyStream(fs, planeStream(plane, name));
  const bad =
    first_bad ?? findings.find(({ severity, code }) => severity === "error" && code !== "LEDGER_EMPTY");
  return bad === undefined ? [] : [unusable(name, bad.message)];
}

function judgeText({ fs }: Needs, root: string, path: string): Fault[] {
  if (fs.stat(`${root}/${path}`) === undefined) return [];
  try {
    fs.readText(`${root}/${path}`);
    return [];
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const problem = code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? "it is not valid UTF-8" : message;
    return [unusable(path, problem)];
  }
}

function frameworkFiles({ fs }: Needs, root: string): string[] {
  const folder = `${root}/frameworks`;
  if (fs.stat(folder) === undefined) return [];
  return fs
    .list(folder)
    .filter(({ name, kind }) => kind === "file" && /^FMWK-.*\.md$/.test(name))
    .map(({ name }) => `frameworks/${name}`);
}

const unusable = (path: string, problem: string): Fault =>
  make("INIT_FOUND_UNUSABLE", `${path} cannot become part of a plane: ${problem}`, { path, problem });
