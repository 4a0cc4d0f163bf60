/** Makes a plane: what is missing is created, what is there is kept byte for byte. */
import { PLANE_FORMAT_VERSION, REGISTRY_NAMES } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { initAuth, keysDirectory } from "../keys/index.ts";
import { appendEntries, genesisEntry, type SealedPrefix, streamHead } from "../ledger/index.ts";
import {
  absolute,
  CONFIG_PATH,
  digestOf,
  GENERATION_PATH,
  generationBytes,
  openPlane,
  PACKAGES_STREAM,
  type Plane,
  planeStream,
  recordConfig,
  registryPath,
  replaceFile,
  STATE_DIRECTORY,
  TIER_STREAMS,
} from "../plane/index.ts";
import { publishFirstKeys } from "../provenance/index.ts";
import { emptyRegistry, findRow, rewriteRegistry } from "../registry/index.ts";
import { readFrameworkTitle } from "./chain.ts";
import { make } from "./faults.ts";
import { createdAt } from "./package-row.ts";

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

/** @param onKeys told the plane's id before anything is written outside it @throws PLANE_EXISTS, INIT_TARGET_REFUSED, AUTH_* */
export async function initPlane(
  effects: Effects,
  request: InitRequest,
  onKeys: (plane_uid: string) => void = () => undefined,
): Promise<InitResult> {
  const { fs, host, random } = effects;
  const root = absolute(host.cwd, request.directory);
  refuseTarget(effects, root);
  const name = request.name ?? (root.slice(root.lastIndexOf("/") + 1) || "plane");
  const plane_uid = random.hex(16);
  const files = new Map<string, Uint8Array>([
    [".gitignore", Buffer.from(`${GITIGNORE.join("\n")}\n`)],
    ...REGISTRY_NAMES.map((registry): [string, Uint8Array] => [
      registryPath(registry),
      Buffer.from(emptyRegistry(registry)),
    ]),
    ...request.templates,
    // The configuration comes last: with it the folder is a plane.
    [CONFIG_PATH, Buffer.from(configText(plane_uid, name))],
  ]);
  const created = [...files.keys()].filter((path) => fs.stat(`${root}/${path}`) === undefined);
  const kept = [...files.keys()].filter((path) => !created.includes(path));
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
  for (const path of created.filter((one) => one !== CONFIG_PATH))
    writeFile(effects, root, path, files.get(path) ?? new Uint8Array());
  completeIgnores(effects, root);
  const keys_directory = keysDirectory(host, plane_uid);
  onKeys(plane_uid);
  const auth = await initAuth(effects, {
    directory: keys_directory,
    plane_root: fs.realPath(root),
    plane_uid,
    force: false,
  });
  replaceFile(effects, `${keys_directory}/cli.json`, Buffer.from(`${JSON.stringify(request.launcher)}\n`));
  writeFile(effects, root, CONFIG_PATH, files.get(CONFIG_PATH) ?? new Uint8Array());
  const plane = openPlane(effects, root);
  publishFirstKeys(effects, plane);
  // Registries that came in are as they were.
  if (request.imported === undefined) registerFrameworks(effects, plane);
  await writeGenesis(effects, plane, request.imported ?? new Map());
  await recordConfig(effects, plane, "init");
  writeGeneration(effects, plane);
  return {
    root: plane.root,
    name,
    plane_uid,
    created,
    kept,
    keys_directory,
    token_file: auth.places.admin_token,
    next_steps: nextSteps(request.directory, auth.places.admin_token),
    dry_run: false,
  };
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

function refuseTarget({ fs }: Effects, root: string): void {
  if (fs.stat(`${root}/${CONFIG_PATH}`) !== undefined)
    throw make("PLANE_EXISTS", `${root} is a plane already`, { path: root });
  const found = fs.stat(root);
  if (found !== undefined && found.kind !== "directory") {
    throw make("INIT_TARGET_REFUSED", `${root} is not a folder`, { path: root, reason: found.kind });
  }
  if (root === "/")
    throw make("INIT_TARGET_REFUSED", "the root of the file system cannot be a plane", {
      path: root,
      reason: "root",
    });
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
    `name = ${JSON.stringify(name)}`,
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

/** Framework documents that lie in the plane are registered; a spec can then comply with them. */
function registerFrameworks(effects: Effects, plane: Plane): void {
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
async function writeGenesis(
  effects: Effects,
  plane: Plane,
  sealed: ReadonlyMap<string, SealedPrefix>,
): Promise<void> {
  let parent: { stream: string; entry_hash: string } | undefined;
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
    if (name !== PACKAGES_STREAM && head !== undefined)
      parent = { stream: name, entry_hash: head.entry_hash };
  }
}

function writeGeneration(effects: Effects, plane: Plane): void {
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
