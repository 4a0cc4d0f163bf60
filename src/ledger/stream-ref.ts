import { raise } from "./faults.ts";

/** One ledger file. */
export interface StreamRef {
  /** Plane-relative, slashes: `ledger/governance.jsonl`. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** Absolute path of the head beside the keys; absent when this stream has none. */
  readonly head_path?: string;
}

const SAFE_NAME = /^(?!\/)(?:(?!\.{1,2}(?:\/|$))[^/\0]+\/)*(?!\.{1,2}$)[^/\0]+\.jsonl$/;
/** Only these streams have a head (lock protocol, both languages). */
const HAS_HEAD = /^(?:ledger|planes\/[^/]+\/ledger)\/[^/]+\.jsonl$/;

/**
 * Names a stream of a plane. `root` and `heads_directory` are absolute.
 * @throws LEDGER_STREAM_INVALID when the name leaves the plane or does not end in `.jsonl`.
 */
export function streamRef(where: { root: string; name: string; heads_directory?: string }): StreamRef {
  const { root, name, heads_directory } = where;
  if (!SAFE_NAME.test(name)) {
    raise("LEDGER_STREAM_INVALID", `${JSON.stringify(name)} does not name a ledger stream`, { stream: name });
  }
  const path = `${root}/${name}`;
  if (heads_directory === undefined || !HAS_HEAD.test(name)) return { name, path };
  return { name, path, head_path: `${heads_directory}/${name.replaceAll("/", "__")}.json` };
}
