/** Makes a plane: what is missing is created, what is there is kept byte for byte. */
import { PLANE_FORMAT_VERSION, REGISTRY_NAMES } from "../contracts/index.ts";
import type { Effects, HeldLock } from "../effects/index.ts";
import { initAuth } from "../keys/index.ts";
import type { SealedPrefix } from "../ledger/index.ts";
import {
  absolute,
  CONFIG_PATH,
  lockFault,
  PLANE_LOCK,
  type Plane,
  planeWith,
  recordConfig,
  registryPath,
  replaceFile,
  requireLockable,
  STATE_DIRECTORY,
} from "../plane/index.ts";
import { publishFirstKeys } from "../provenance/index.ts";
import { emptyRegistry } from "../registry/index.ts";
import { make } from "./faults.ts";
import { judgeFound, refuseTarget } from "./init-judge.ts";
import { registerFrameworks, writeGeneration, writeGenesis } from "./init-records.ts";
import { refuseAll } from "./refuse.ts";

export interface InitRequest {
  readonly directory: string;
  readonly name?: string | undefined;
  readonly dry_run: boolean;
  /** Files every plane gets (launchers, frameworks), by plane-relative path. */
  readonly templates: ReadonlyMap<string, Uint8Array>;
  /** How the launchers find this program again; kept beside the keys. */
  readonly launcher: { readonly node: string; readonly script: string };
  /** For a plane that comes in from elsewhere: what the first entry of each stream says of its sealed part. */
  readonly imported?: ReadonlyMap<string, SealedPrefix>;
}

export interface InitResult {
  readonly root: string;
  readonly name: string;
  readonly plane_uid: string | null;
  readonly created: readonly string[];
  readonly kept: readonly string[];
  readonly keys_directory: string | null;
  readonly token_file: string | null;
  readonly next_steps: readonly string[];
  readonly dry_run: boolean;
}

const FOLDERS = [
  "config",
  "registries",
  "packages_store",
  "installed",
  "ledger",
  "modules",
  "specs",
  "frameworks",
  "scripts",
  "planes",
  "planes/ho2",
  "planes/ho2/ledger",
  "planes/ho2/installed",
  "planes/ho1",
  "planes/ho1/ledger",
  "planes/ho1/installed",
  ".holdfast",
  STATE_DIRECTORY,
  `${STATE_DIRECTORY}/transactions`,
];
const GITIGNORE = [
  "/ledger/",
  "/installed/",
  "/.holdfast/",
  "/planes/*/ledger/",
  "/planes/*/installed/",
  "/planes/*/sessions/",
  "/tmp/",
  "/output/",
  "__pycache__/",
  "*.pyc",
];

/**
 * All that is there is judged before anything is changed.
 * @param onKeys told the plane's id before anything is written outside it
 * @throws PLANE_EXISTS, INIT_TARGET_REFUSED, INIT_FOUND_UNUSABLE, AUTH_*
 */
export async function initPlane(
  effects: Effects,
  request: InitRequest,
  onKeys: (plane_uid: string) => void = () => undefined,
): Promise<InitResult> {
  const { fs, host, random } = effects;
  const root = absolute(host.cwd, request.directory);
  refuseTarget(effects, root);
  requireLockable(fs.stat(root) === undefined ? root : fs.realPath(root));
  const name = request.name ?? (root.slice(root.lastIndexOf("/") + 1) || "plane");
  const plane_uid = random.hex(16);
  const files = new Map<string, Uint8Array>([
    [".gitignore", Buffer.from(`${GITIGNORE.join("\n")}\n`)],
    ...REGISTRY_NAMES.map((registry): [string, Uint8Array] => [
      registryPath(registry),
      Buffer.from(emptyRegistry(registry)),
    ]),
    ...request.templates,
    [CONFIG_PATH, Buffer.from(configText(plane_uid, name))],
  ]);
  const created = [...files.keys()].filter((path) => fs.stat(`${root}/${path}`) === undefined);
  const kept = [...files.keys()].filter((path) => !created.includes(path));
  const future = planeWith(effects, root, configText(plane_uid, name));
  // What comes in from elsewhere was judged where it came from.
  if (request.imported === undefined)
    refuseAll(judgeFound(effects, future, { folders: FOLDERS, files: [...files.keys()] }));
  if (request.dry_run) {
    return {
      root,
      name,
      plane_uid: null,
      created,
      kept,
      keys_directory: null,
      token_file: null,
      next_steps: [],
      dry_run: true,
    };
  }
  for (const folder of ["", ...FOLDERS]) makeFolders(effects, folder === "" ? root : `${root}/${folder}`);
  const lock = await lockTarget(effects, root);
  try {
    refuseTarget(effects, root);
    const plane = { ...future, root: fs.realPath(root) };
    onKeys(plane_uid);
    const token_file = await makePlane(
      effects,
      plane,
      request,
      new Map(created.map((path) => [path, files.get(path)])),
    );
    return {
      root: plane.root,
      name,
      plane_uid,
      created,
      kept,
      keys_directory: plane.keys_directory,
      token_file,
      next_steps: nextSteps(request.directory, token_file),
      dry_run: false,
    };
  } finally {
    lock.release();
  }
}

/** @param files those that are missing @returns the file that holds the first token */
async function makePlane(
  effects: Effects,
  plane: Plane,
  { launcher, imported }: InitRequest,
  files: ReadonlyMap<string, Uint8Array | undefined>,
): Promise<string> {
  const { root, keys_directory, config } = plane;
  for (const [path, bytes] of files)
    if (path !== CONFIG_PATH) writeFile(effects, root, path, bytes ?? new Uint8Array());
  completeIgnores(effects, root);
  const { plane_uid } = config;
  const auth = await initAuth(effects, {
    directory: keys_directory,
    plane_root: root,
    plane_uid,
    force: false,
  });
  replaceFile(effects, `${keys_directory}/cli.json`, Buffer.from(`${JSON.stringify(launcher)}\n`));
  publishFirstKeys(effects, plane);
  // Registries that came in are as they were.
  if (imported === undefined) registerFrameworks(effects, plane);
  await writeGenesis(effects, plane, imported ?? new Map());
  writeGeneration(effects, plane);
  // Last: with it the folder is a plane, and an init that was cut short can be run again.
  writeFile(effects, root, CONFIG_PATH, files.get(CONFIG_PATH) ?? new Uint8Array());
  // The first change records it where this cannot.
  await recordConfig(effects, plane, "init").catch(() => undefined);
  return auth.places.admin_token;
}

/** Two that make the same plane at once would mix their keys. @throws INIT_TARGET_REFUSED */
async function lockTarget({ fs, locks }: Effects, root: string): Promise<HeldLock> {
  const lock = await locks.acquire(`${root}/${PLANE_LOCK}`, { wait_ms: 0 }).catch((error: unknown) => {
    throw lockFault(fs, root, error);
  });
  if (lock !== undefined) return lock;
  throw make("INIT_TARGET_REFUSED", `another command makes ${root} a plane`, { path: root, reason: "busy" });
}

/** An existing `.gitignore` gets the lines it lacks: a ledger that git manages could be rewritten by a revert. */
function completeIgnores(effects: Effects, root: string): void {
  const path = `${root}/.gitignore`;
  const text = effects.fs.readText(path);
  const lines = new Set(text.split(/\r?\n/));
  const missing = GITIGNORE.filter((line) => !lines.has(line));
  if (missing.length === 0) return;
  const gap = text === "" || text.endsWith("\n") ? "" : "\n";
  replaceFile(effects, path, Buffer.from(`${text}${gap}${missing.join("\n")}\n`));
}

function makeFolders({ fs }: Effects, path: string): void {
  if (fs.stat(path) !== undefined) return;
  const parent = path.slice(0, path.lastIndexOf("/"));
  if (parent !== "") makeFolders({ fs } as Effects, parent);
  fs.makeDirectory(path);
}

function writeFile(effects: Effects, root: string, path: string, bytes: Uint8Array): void {
  makeFolders(effects, `${root}/${path}`.slice(0, `${root}/${path}`.lastIndexOf("/")));
  replaceFile(effects, `${root}/${path}`, bytes);
}

function configText(plane_uid: string, name: string): string {
  return [
    "# What this plane is and what it governs. See docs/operating.md for each key.",
    `format_version = ${PLANE_FORMAT_VERSION}`,
    `plane_uid = "${plane_uid}"`,
    // TOML takes every escape of JSON, and one character more must be escaped.
    `name = ${JSON.stringify(name).replaceAll("\u007f", "\\u007f")}`,
    "",
    "# Every file in these folders has an owner, is declared source, or is a finding.",
    'governed_roots = ["frameworks", "lib", "modules", "policies", "prompts", "schemas", "scripts", "specs"]',
    "# Source trees: files nobody owns are reported as source, not as findings.",
    'sources = ["frameworks/*", "modules/*", "specs/*"]',
    "excluded = []",
    "",
    "[policy]",
    "# Archives by others (GNU tar and the like) may be installed when their digest is vouched for.",
    "allow_plain_archives = true",
    "",
  ].join("\n");
}

export function nextSteps(directory: string, token_file: string): string[] {
  const enter =
    directory === "."
      ? []
      : [`cd ${/^[\w./-]+$/.test(directory) ? directory : `'${directory.replaceAll("'", "'\\''")}'`}`];
  return [
    ...enter,
    `export HOLDFAST_TOKEN="$(cat ${token_file})"`,
    "pkg pack --src modules/NAME --id PKG-T1-NAME-001",
    "pkg install --id PKG-T1-NAME-001",
    "integrity-check",
  ];
}
