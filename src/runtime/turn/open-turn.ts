/**
 * A turn of a session before it runs: its number, and its declared outputs as files that are there to be written. What is not
 * there cannot be shown to a walled program, so an absent output begins as an empty file. Nothing else of the session is shown.
 */
import type { Effects, FileSystem, HeldLock } from "../../effects/index.ts";
import { readNewest } from "../../ledger/index.ts";
import { matchesGlob } from "../../metadata/index.ts";
import { type Plane, planeStream } from "../../plane/index.ts";
import { make } from "../faults.ts";
import type { Prepared } from "../prepare.ts";
import { stampOf } from "../stamps.ts";
import { execStream, makeFolders, SESSION_MARK, sessionFolder } from "./session-places.ts";

export interface TurnOutput {
  /** Plane-relative. */
  readonly path: string;
  /** As it was when the turn began. */
  readonly stamp: string;
  readonly is_new: boolean;
}

export interface OpenTurn {
  readonly session_id: string;
  /** From 1. */
  readonly turn_number: number;
  readonly outputs: readonly TurnOutput[];
  /** Other turns of the session may begin. Safe to call twice. */
  release(): void;
}

/** The same as `modules.agent_runtime.session` takes. */
const SESSION_ID = /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
/** A turn writes at most 21 lines: one of these speaks of the turn before. */
const LINES_LOOKED_AT = 100;

/**
 * Undefined for an action that is no turn.
 * @throws plugin_input_invalid (the session), plugin_permission_denied (an output its package may not write, or a link in its
 * place), plugin_concurrency_limited (another turn of the session)
 */
export async function openTurn(
  effects: Pick<Effects, "fs" | "locks" | "random" | "clock">,
  plane: Plane,
  prepared: Prepared,
  session: string | undefined,
): Promise<OpenTurn | undefined> {
  const { plugin, action } = prepared;
  const about = { namespace: plugin.record.namespace, action: action.id };
  if (action.turn === undefined) {
    if (session === undefined) return undefined;
    throw badSession(about, `${action.id} is no turn, so it has no session`);
  }
  const session_id = session ?? newSessionId(effects);
  if (!SESSION_ID.test(session_id))
    throw badSession(
      about,
      "a session's id is 1 to 128 letters, digits and . _ -, without two dots in a row",
    );
  const paths = action.turn.outputs.map((output) => output.replaceAll(SESSION_MARK, session_id));
  for (const path of paths) requireCapability(prepared, session_id, path);
  const refuseLink = (path: string) =>
    denied(about, path, `${path} is a link, or no regular file of its own`);
  const folder = `${sessionFolder(session_id)}/ledger`;
  makeFolders(effects.fs, plane.root, folder, refuseLink);
  const lock = await effects.locks.acquire(`${plane.root}/${folder}/turn.lock`, { wait_ms: 0 });
  if (lock === undefined)
    throw make("plugin_concurrency_limited", `another turn of the session ${session_id} goes on`, {
      namespace: about.namespace,
      concurrency_max: 1,
      set_by: "the session",
    });
  return opened(effects.fs, plane, { session_id, paths, lock, refuseLink });
}

function opened(
  fs: FileSystem,
  plane: Plane,
  {
    session_id,
    paths,
    lock,
    refuseLink,
  }: {
    readonly session_id: string;
    readonly paths: readonly string[];
    readonly lock: HeldLock;
    readonly refuseLink: (path: string) => Error;
  },
): OpenTurn {
  const outputs: TurnOutput[] = [];
  try {
    const turn_number = lastTurn(fs, plane, session_id) + 1;
    for (const path of paths) outputs.push(openOutput(fs, plane.root, path, refuseLink));
    return { session_id, turn_number, outputs, release: () => lock.release() };
  } catch (error) {
    removeUnwritten(fs, plane.root, outputs);
    lock.release();
    throw error;
  }
}

function openOutput(
  fs: FileSystem,
  root: string,
  path: string,
  refuseLink: (path: string) => Error,
): TurnOutput {
  makeFolders(fs, root, path.slice(0, path.lastIndexOf("/")), refuseLink);
  const found = fs.stat(`${root}/${path}`);
  // Another name of the same file would be written through it.
  if (found !== undefined && (found.kind !== "file" || found.links !== 1)) throw refuseLink(path);
  if (found === undefined) fs.openWrite(`${root}/${path}`, { mode: 0o644, how: "exclusive" }).close();
  return { path, is_new: found === undefined, stamp: stampOf(fs.stat(`${root}/${path}`)) };
}

/** Outputs that nothing was written to are not left behind. @returns their paths */
export function removeUnwritten(fs: FileSystem, root: string, outputs: readonly TurnOutput[]): string[] {
  return outputs.flatMap(({ path, stamp, is_new }) => {
    if (stampOf(fs.stat(`${root}/${path}`)) !== stamp) return [];
    if (is_new) fs.remove(`${root}/${path}`);
    return [path];
  });
}

function lastTurn(fs: FileSystem, plane: Plane, session_id: string): number {
  const stream = planeStream(plane, execStream(session_id));
  if (fs.stat(stream.path) === undefined) return 0;
  const numbers = readNewest(fs, stream, LINES_LOOKED_AT).map(
    ({ entry }) => entry?.metadata["turn_number"] as unknown,
  );
  return Math.max(0, ...numbers.filter((one): one is number => Number.isSafeInteger(one)));
}

/** What the package may write is in its manifest, beside what the plugin may touch. */
function requireCapability({ plugin, action }: Prepared, session_id: string, path: string): void {
  const { capabilities } = plugin.manifest;
  if (capabilities === undefined) return;
  const matches = (globs: readonly string[] = []): boolean =>
    globs.some((glob) =>
      matchesGlob(path, glob.replaceAll(SESSION_MARK, session_id).replaceAll("<sid>", session_id)),
    );
  if (matches(capabilities.write) && !matches(capabilities.forbidden)) return;
  const about = { namespace: plugin.record.namespace, action: action.id };
  throw denied(about, path, `the capabilities of its package do not let it write ${path}`);
}

type About = { readonly namespace: string; readonly action: string };

const denied = ({ namespace, action }: About, path: string, why: string) =>
  make("plugin_permission_denied", `${namespace} ${action} cannot have its output: ${why}`, {
    namespace,
    action,
    scope: `files.write:${path}`,
    why,
    command: `pkg plugin inspect ${namespace}`,
  });

const badSession = (about: About, problem: string) =>
  make("plugin_input_invalid", problem, { ...about, pointer: "session", problems: [problem] });

const newSessionId = ({ clock, random }: Pick<Effects, "clock" | "random">): string =>
  `SES-${new Date(clock.now_ms()).toISOString().slice(0, 10).replaceAll("-", "")}-${random.hex(4)}`;
