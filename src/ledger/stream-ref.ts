import { raise } from "./faults.ts";

/** One ledger file. */
export interface StreamRef {
  /** Plane-relative, slashes: `ledger/governance.jsonl`. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** Absolute path of the head beside the keys; absent when this stream has none. */
  readonly head_path?: string;
  /** Present for streams that are kept as a transparency log too. */
  readonly log?: StreamLog;
}

export interface StreamLog {
  /** First line of its checkpoints: what names this log to the world. */
  readonly origin: string;
  /** Absolute. Where the plane's signing keys lie. */
  readonly keys_directory: string;
}

const SAFE_NAME = /^(?!\/)(?:(?!\.{1,2}(?:\/|$))[^/\0]+\/)*(?!\.{1,2}$)[^/\0]+\.jsonl$/;
/** Only these streams have a head (lock protocol, both languages). */
const HAS_HEAD = /^(?:ledger(?:\/sessions)?|planes\/[^/]+\/ledger)\/[^/]+\.jsonl$/;
/** Only these are kept as a log of their own; a session's head is covered by the summaries in its parent's. */
const HAS_LOG = /^(?:ledger|planes\/[^/]+\/ledger)\/[^/]+\.jsonl$/;

/**
 * A stream as an argument of a command that is to be pasted, with the space before it. Nothing where the name, which a file
 * or an entry may have made up, is none of those commands take: a shell would run what it holds.
 */
export const pasted = (name: string, flag = ""): string =>
  isStreamName(name) && /^[A-Za-z0-9_][A-Za-z0-9_./-]*$/.test(name) ? ` ${flag}${name}` : "";

/** Whether a stream of this name is kept as a log too. */
export const hasLog = (name: string): boolean => HAS_LOG.test(name);

/** Whether a plane-relative name stays inside the plane and ends in `.jsonl`. */
export const isStreamName = (name: string): boolean => SAFE_NAME.test(name);

/**
 * Names a stream of a plane. `root` and `heads_directory` are absolute.
 * @throws LEDGER_STREAM_INVALID when the name leaves the plane or does not end in `.jsonl`.
 */
export function streamRef(where: {
  root: string;
  name: string;
  heads_directory?: string;
  log?: StreamLog;
}): StreamRef {
  const { root, name, heads_directory, log } = where;
  if (!isStreamName(name)) {
    raise("LEDGER_STREAM_INVALID", `${JSON.stringify(name)} does not name a ledger stream`, { stream: name });
  }
  const path = `${root}/${name}`;
  const known = { name, path, ...(log !== undefined && hasLog(name) && { log }) };
  if (heads_directory === undefined || !HAS_HEAD.test(name)) return known;
  return { ...known, head_path: `${heads_directory}/${name.replaceAll("/", "__")}.json` };
}

/**
 * The origin of a plane's stream: a name in the form of an address, which need not exist. It holds the plane's uid, so
 * moving or renaming the plane does not change it.
 */
export const streamOrigin = (plane_uid: string, name: string): string =>
  `holdfast.plane/${plane_uid}/${name.replace(/\.jsonl$/, "")}`;

/** Where the streams of a plane and what vouches for them lie; plain data, so that another thread can be told. */
export interface StreamsPlace {
  /** Absolute, as is the other. */
  readonly root: string;
  readonly keys_directory: string;
  readonly plane_uid: string;
}

/** A stream of a plane. @throws LEDGER_STREAM_INVALID */
export const streamAt = ({ root, keys_directory, plane_uid }: StreamsPlace, name: string): StreamRef =>
  streamRef({
    root,
    name,
    heads_directory: `${keys_directory}/heads`,
    log: { origin: streamOrigin(plane_uid, name), keys_directory },
  });
