/** Finding and opening a plane. Reads only; recovery and locking are in `session.ts`. */
import {
  PLANE_FORMAT_VERSION,
  type PlaneConfig,
  PlaneConfig as PlaneConfigShape,
} from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { keysDirectory } from "../keys/index.ts";
import { type StreamRef, streamAt } from "../ledger/index.ts";
import { firstIssue, parseToml } from "../metadata/index.ts";
import { make } from "./faults.ts";
import { CONFIG_PATH } from "./paths.ts";

export interface Plane {
  /** Absolute, no trailing slash, symlinks resolved. */
  readonly root: string;
  readonly config: PlaneConfig;
  /** Keys, tokens and heads, outside the plane. */
  readonly keys_directory: string;
  /** How long readers and writers wait for the lock where they say nothing else. */
  readonly wait_ms?: number | undefined;
}

type Needs = Pick<Effects, "fs" | "host">;

/** The plane named, else the nearest folder upwards from the working directory. @throws PLANE_NOT_FOUND */
function findPlaneRoot({ fs, host }: Needs, named?: string): string {
  const start = named ?? host.env["HOLDFAST_ROOT"];
  if (start !== undefined && start !== "") {
    const path = absolute(host.cwd, start);
    if (fs.stat(`${path}/${CONFIG_PATH}`) === undefined) {
      throw make("PLANE_NOT_FOUND", `${path} is not a plane: it has no ${CONFIG_PATH}`, { path: start });
    }
    return fs.realPath(path);
  }
  for (let path = host.cwd; ; path = path.slice(0, path.lastIndexOf("/"))) {
    if (fs.stat(`${path}/${CONFIG_PATH}`) !== undefined) return fs.realPath(path === "" ? "/" : path);
    if (path === "") break;
  }
  throw make("PLANE_NOT_FOUND", `neither ${host.cwd} nor a folder above it is a plane`, { path: "." });
}

/** @throws PLANE_NOT_FOUND, PLANE_CONFIG_INVALID, PLANE_FORMAT_NEWER */
export function openPlane(effects: Needs, named?: string): Plane {
  const root = findPlaneRoot(effects, named);
  return planeWith(effects, root, effects.fs.readText(`${root}/${CONFIG_PATH}`));
}

/** The plane that a folder is, or will be, with this configuration. @throws PLANE_CONFIG_INVALID, PLANE_FORMAT_NEWER */
export function planeWith({ host }: Pick<Effects, "host">, root: string, text: string): Plane {
  const config = readConfig(text);
  return { root, config, keys_directory: keysDirectory(host, config.plane_uid) };
}

function readConfig(text: string): PlaneConfig {
  const raw = parseConfig(text);
  const found = raw["format_version"];
  if (typeof found === "number" && found > PLANE_FORMAT_VERSION) {
    throw make(
      "PLANE_FORMAT_NEWER",
      `${CONFIG_PATH} has format_version ${found}; this program reads up to ${PLANE_FORMAT_VERSION}`,
      {
        path: CONFIG_PATH,
        found,
        supported: PLANE_FORMAT_VERSION,
      },
    );
  }
  const parsed = PlaneConfigShape.safeParse(raw);
  if (parsed.success) return parsed.data;
  const { field, message } = firstIssue(parsed.error);
  throw make("PLANE_CONFIG_INVALID", `${CONFIG_PATH} ${field}: ${message}`, { path: CONFIG_PATH, field });
}

function parseConfig(text: string): Record<string, unknown> {
  try {
    return parseToml(text, CONFIG_PATH);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { line, column } = error.details as { line?: number; column?: number };
    throw make("PLANE_CONFIG_INVALID", error.message, {
      path: CONFIG_PATH,
      field: line === undefined ? "the syntax" : `line ${line}, column ${column ?? 1}`,
      ...(line === undefined ? {} : { line, column: column ?? 1 }),
    });
  }
}

/** The plane's stream of that name, with its head beside the keys. */
export function planeStream(plane: Plane, name: string): StreamRef {
  const { root, keys_directory, config } = plane;
  return streamAt({ root, keys_directory, plane_uid: config.plane_uid }, name);
}

/** Joins a path a user typed to the working directory and resolves `.` and `..` lexically. */
export function absolute(cwd: string, path: string): string {
  const segments: string[] = [];
  for (const segment of (path.startsWith("/") ? path : `${cwd}/${path}`).split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return `/${segments.join("/")}`;
}
