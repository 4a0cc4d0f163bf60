/** What plugins wrote to stderr, one file a run: cut, without secrets, the newest kept. For people; nothing decides by it. */
import type { Effects } from "../effects/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import type { Spent, ToolUse } from "../sandbox/index.ts";
import { make } from "./faults.ts";
import { logDirectory, makeRunDirectory, RUN_DIRECTORY } from "./places.ts";

type Needs = Pick<Effects, "fs">;

/** First line of a log file, as JSON. */
export interface RunHead {
  readonly run_id: string;
  readonly request_id: string;
  readonly namespace: string;
  readonly action: string;
  /** ISO 8601 in UTC. */
  readonly started_at: string;
  readonly duration_ms: number;
  readonly outcome: "success" | "failure";
  readonly code: string | null;
  /** One line; empty for a success. */
  readonly message: string;
  readonly layer: string;
  /** Of an agent: what it took of its grant. */
  readonly spent?: Spent & { readonly tools?: Readonly<Record<string, ToolUse>> };
  /** True when it wrote more than is kept. */
  readonly is_cut: boolean;
}

export interface RunLog extends RunHead {
  readonly text: string;
}

const LOGS_KEPT = 50;
/** What a plugin says is cut at 64 KiB before it comes here; the marks of what was taken out may make it longer. */
const FILE_BYTES_MAX = 1 << 20;

/** Newest last by name: the moment, then the id. */
const nameOf = ({ started_at, run_id }: RunHead): string =>
  `${started_at.replace(/[^0-9TZ]/g, "")}-${run_id}.log`;
const NAME = /^[0-9TZ]+-(RUN-[0-9a-f]{32})\.log$/;

export function writeRunLog({ fs }: Needs, plane: Plane, head: RunHead, text: string): void {
  const folder = makeRunDirectory(fs, plane.root, logDirectory(head.namespace));
  const handle = fs.openWrite(`${folder}/${nameOf(head)}`, { mode: 0o600, how: "exclusive" });
  try {
    handle.write(Buffer.from(`${JSON.stringify(head)}\n${text}`));
  } finally {
    handle.close();
  }
  for (const name of namesIn(fs, folder).slice(0, -LOGS_KEPT)) removeQuietly(fs, `${folder}/${name}`);
}

/** Two runs that end at once may both want to remove it. */
function removeQuietly(fs: Effects["fs"], path: string): void {
  try {
    fs.remove(path);
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") throw error;
  }
}

const namesIn = (fs: Effects["fs"], folder: string): string[] =>
  fs.stat(folder)?.kind === "directory"
    ? fs.list(folder).flatMap(({ name, kind }) => (kind === "file" && NAME.test(name) ? [name] : []))
    : [];

/** Heads of one plugin's logs, or of all, newest first. */
export function listRuns({ fs }: Needs, plane: Plane, namespace?: string): RunHead[] {
  const heads = foldersOf(fs, plane, namespace).flatMap((folder) =>
    namesIn(fs, folder).flatMap((name) => readLog(fs, `${folder}/${name}`)?.head ?? []),
  );
  return heads.sort((a, b) => compareCodePoints(b.started_at, a.started_at));
}

/** @throws plugin_run_unknown */
export function findRun({ fs }: Needs, plane: Plane, run_id: string, namespace?: string): RunLog {
  for (const folder of foldersOf(fs, plane, namespace)) {
    const name = namesIn(fs, folder).find((file) => NAME.exec(file)?.[1] === run_id);
    const found = name === undefined ? undefined : readLog(fs, `${folder}/${name}`);
    if (found !== undefined) return { ...found.head, text: found.text };
  }
  const shown = run_id.slice(0, 64);
  throw make(
    "plugin_run_unknown",
    `no run ${JSON.stringify(shown)} has a log; the ${LOGS_KEPT} newest of each plugin are kept`,
    {
      run_id: shown,
    },
  );
}

/** A name somebody typed is looked for among those that are there, and never made part of a path. */
function foldersOf(fs: Effects["fs"], plane: Plane, namespace: string | undefined): string[] {
  const folder = `${plane.root}/${RUN_DIRECTORY}`;
  if (fs.stat(folder)?.kind !== "directory") return [];
  return fs
    .list(folder)
    .filter(({ name, kind }) => kind === "directory" && (namespace === undefined || name === namespace))
    .map(({ name }) => `${plane.root}/${logDirectory(name)}`);
}

function readLog(
  fs: Effects["fs"],
  path: string,
): { readonly head: RunHead; readonly text: string } | undefined {
  try {
    const stat = fs.stat(path);
    if (stat === undefined || stat.size_bytes > FILE_BYTES_MAX) return undefined;
    const text = fs.read(path).toString("utf8");
    const end = text.indexOf("\n");
    const head = JSON.parse(text.slice(0, end)) as Partial<RunHead> | null;
    if (typeof head?.run_id !== "string" || typeof head.started_at !== "string") return undefined;
    return { head: head as RunHead, text: text.slice(end + 1) };
  } catch {
    return undefined;
  }
}
