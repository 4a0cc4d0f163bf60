/** From a wheel's bytes to the files it puts in place, or to the rule it breaks. Nothing of it is run. */
import type { LockedWheel } from "../../contracts/index.ts";
import type { Fault } from "../../kernel/index.ts";
import { make } from "../faults.ts";
import { headersOf, meetsPython, normalName, requiredNames } from "./metadata.ts";
import { placeOf, refusedMember } from "./place.ts";
import { readZip, type ZipFile, ZipProblem } from "./read-zip.ts";
import { isRecorded, parseRecord, type RecordRow } from "./record.ts";
import { type InterpreterTags, misfit, parseWheelName } from "./tags.ts";

export interface WheelRequest {
  readonly package_id: string;
  readonly locked: LockedWheel;
  readonly tags: InterpreterTags;
  /** Everything the lock names, in normal form. */
  readonly locked_names: ReadonlySet<string>;
  /** First folders that belong to the plane, so that no wheel stands in for its packages. */
  readonly reserved_names: ReadonlySet<string>;
}

export interface WheelFile {
  /** Below the environment's site folder. */
  readonly path: string;
  readonly executable: boolean;
  /** Held against RECORD before they are handed out. @throws WHEEL_REFUSED */
  readonly read: () => Promise<Uint8Array>;
}

/** @throws WHEEL_INCOMPATIBLE, WHEEL_REFUSED, WHEEL_UNLOCKED_REQUIREMENT */
export async function readWheel(bytes: Uint8Array, request: WheelRequest): Promise<WheelFile[]> {
  const { locked, tags, package_id } = request;
  const needs = misfit(parseWheelName(locked.wheel), tags);
  if (needs !== undefined) throw incompatible(request, needs);
  const members = new Map((await guarded(request, () => readZip(bytes))).map((file) => [file.path, file]));
  const info = infoFolder(request, [...members.keys()]);
  const read = async (name: string): Promise<Uint8Array> => {
    const file = members.get(`${info}/${name}`);
    if (file === undefined) throw refused(request, "metadata", `${info}/${name}`, "is missing");
    return guarded(request, file.read);
  };
  const text = async (name: string): Promise<string> => Buffer.from(await read(name)).toString("utf8");
  judgeMetadata(request, info, await text("WHEEL"), await text("METADATA"));
  const rows = parseRecord(await text("RECORD"));
  if (rows === undefined)
    throw refused(request, "record", `${info}/RECORD`, "is not a list of path, hash and size");
  const files = [...members.values()].map((file) => judgeMember(request, info, rows, file));
  for (const path of rows.keys())
    if (!members.has(path)) throw refused(request, "record", path, "is in RECORD and not in the wheel");
  if (files.length === 0) throw refused(request, "metadata", "", `${package_id} locks a wheel without files`);
  return files;
}

/** The one folder of metadata, named for the project and version of the file's name. */
function infoFolder(request: WheelRequest, paths: readonly string[]): string {
  const folders = new Set(
    paths.map((path) => path.split("/")[0] ?? "").filter((folder) => folder.endsWith(".dist-info")),
  );
  const [folder = "", ...more] = folders;
  const { project, version } = parseWheelName(request.locked.wheel);
  const [named = "", release = ""] = folder.replace(/\.dist-info$/, "").split("-");
  if (more.length > 0 || normalName(named) !== normalName(project) || release !== version)
    throw refused(request, "metadata", folder, `is not the one folder ${project}-${version}.dist-info`);
  return folder;
}

function judgeMetadata(request: WheelRequest, info: string, wheel: string, metadata: string): void {
  const { locked, locked_names, package_id, tags } = request;
  const format = headersOf(wheel).get("wheel-version")?.[0] ?? "";
  if (!/^1\.\d+$/.test(format))
    throw refused(request, "metadata", `${info}/WHEEL`, `is of wheel version ${format.slice(0, 20)}, not 1`);
  const headers = headersOf(metadata);
  const [name = "", version = ""] = [headers.get("name")?.[0], headers.get("version")?.[0]];
  if (normalName(name) !== locked.name || version !== locked.version)
    throw refused(
      request,
      "metadata",
      `${info}/METADATA`,
      `is of ${name} ${version}, not of ${locked.name} ${locked.version}`,
    );
  const range = headers.get("requires-python")?.[0] ?? "";
  if (!meetsPython(range, tags)) throw incompatible(request, `Python ${range}`);
  const missing = requiredNames(headers.get("requires-dist") ?? []).find((one) => !locked_names.has(one));
  if (missing !== undefined)
    throw make(
      "WHEEL_UNLOCKED_REQUIREMENT",
      `${locked.wheel}, locked by ${package_id}, requires ${missing}, which the lock does not name`,
      { wheel: locked.wheel, package_id, requirement: missing },
    );
}

/** RECORD cannot hold its own digest, nor can signatures of it. */
const UNRECORDED = ["RECORD", "RECORD.jws", "RECORD.p7s"];

function judgeMember(
  request: WheelRequest,
  info: string,
  rows: ReadonlyMap<string, RecordRow>,
  { path, executable, read }: ZipFile,
): WheelFile {
  const place = placeOf(path, info);
  if (place === undefined)
    throw refused(
      request,
      "scheme",
      path,
      "is for a folder other than that of modules; only purelib and platlib are taken",
    );
  const problem = refusedMember(place, request.reserved_names);
  if (problem !== undefined) throw refused(request, problem.rule, path, problem.why);
  const row = rows.get(path);
  if (row === undefined) throw refused(request, "record", path, "is not in RECORD");
  const is_exempt = row.hash === undefined && UNRECORDED.some((name) => path === `${info}/${name}`);
  return {
    path: place,
    executable,
    read: async () => {
      const bytes = await guarded(request, read);
      if (is_exempt || isRecorded(row, bytes)) return bytes;
      throw refused(request, "record", path, "is not what RECORD says");
    },
  };
}

async function guarded<T>(request: WheelRequest, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ZipProblem)) throw error;
    throw refused(request, error.rule, error.member, error.message);
  }
}

function refused({ locked, package_id }: WheelRequest, rule: string, member: string, why: string): Fault {
  const said =
    member === "" || why.startsWith(member) || why.includes(JSON.stringify(member))
      ? why
      : `${member} ${why}`;
  const message = `${locked.wheel}, locked by ${package_id}, is refused: ${said}`
    .slice(0, 1000)
    .toWellFormed();
  return make("WHEEL_REFUSED", message, {
    wheel: locked.wheel,
    package_id,
    rule,
    member: member.slice(0, 300).toWellFormed(),
  });
}

function incompatible({ locked, package_id, tags }: WheelRequest, needs: string): Fault {
  const interpreter = `Python ${tags.major}.${tags.minor} (${tags.abi}, ${tags.platform} ${tags.machine})`;
  const message = `${locked.wheel}, locked by ${package_id}, is for ${needs}, and ${interpreter} was found`;
  return make("WHEEL_INCOMPATIBLE", message, { wheel: locked.wheel, package_id, interpreter, needs });
}
