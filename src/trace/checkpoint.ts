/** A checkpoint: a signed tree head of a ledger stream, as C2SP writes it (tlog-checkpoint, signed-note). */
import type { CheckpointTrace, TraceStatement } from "../contracts/index.ts";
import { entryEvidence, evidence } from "./evidence.ts";
import { type Line, parseLine } from "./history.ts";
import type { Sight } from "./sight.ts";
import { storedText } from "./stored-text.ts";

const BYTES_MAX = 64 << 10;

interface Parsed {
  readonly origin: string;
  readonly tree_size: number;
  /** Bare hex. */
  readonly root_hash: string;
  readonly signatures: CheckpointTrace["signatures"];
}

/** Undefined for a file that is none. Signatures are named here; `pkg ledger verify` judges them. */
export function traceCheckpoint(
  sight: Sight,
  path: string,
): { data: CheckpointTrace; statements: TraceStatement[] } | undefined {
  const stat = sight.stat(path);
  if (stat?.kind !== "file" || stat.size_bytes > BYTES_MAX || !sight.isReadable(path)) return undefined;
  const parsed = parseCheckpoint(sight.effects.fs.read(`${sight.plane.root}/${path}`).toString("utf8"));
  if (parsed === undefined) return undefined;
  const stream = sight.log.streamOf(parsed.origin) ?? streamBeside(sight, path);
  const last = stream === null ? undefined : lineOf(sight, stream, parsed.tree_size);
  const data: CheckpointTrace = {
    path,
    ...parsed,
    stream,
    last_entry: last?.event ?? null,
    root_verified: stream === null ? null : judgeRoot(sight, path, stream, parsed),
  };
  const says = `the first ${parsed.tree_size} entries of ${parsed.origin} have the root ${parsed.root_hash}`;
  const places = [
    evidence("file", path, { line: 3 }),
    ...(last === undefined ? [] : [entryEvidence(last.event, last.entry_hash)]),
  ];
  return { data, statements: [{ about: "/root_hash", says, evidence: places }] };
}

function judgeRoot(sight: Sight, path: string, stream: string, head: Parsed): boolean {
  const root = sight.log.root(stream, head.tree_size);
  if (root !== head.root_hash) noteFork(sight, path, stream, head, root);
  return root === head.root_hash;
}

/** Three lines, a blank one, and at least one signature line. */
function parseCheckpoint(text: string): Parsed | undefined {
  const [body = "", signed] = text.split("\n\n", 2);
  const [origin = "", size = "", root = ""] = body.split("\n");
  const tree_size = Number(size);
  const is_head =
    origin !== "" &&
    /^(0|[1-9]\d{0,15})$/.test(size) &&
    /^[A-Za-z0-9+/]{43}=$/.test(root) &&
    signed !== undefined;
  if (!is_head || !Number.isSafeInteger(tree_size)) return undefined;
  const signatures = signed.split("\n").flatMap((line) => {
    const [, name, bytes] = /^\u2014 (\S{1,256}) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
    if (name === undefined || bytes === undefined) return [];
    return [{ name, key_id: Buffer.from(bytes, "base64").subarray(0, 4).toString("hex") }];
  });
  if (signatures.length === 0) return undefined;
  return { origin, tree_size, root_hash: Buffer.from(root, "base64").toString("hex"), signatures };
}

/** `ledger/<stream>/checkpoint` lies beside `ledger/<stream>.jsonl`. */
function streamBeside(sight: Sight, path: string): string | null {
  const stream = `${path.slice(0, Math.max(0, path.lastIndexOf("/")))}.jsonl`;
  return sight.stat(stream)?.kind === "file" ? stream : null;
}

function lineOf(sight: Sight, stream: string, number: number): Line | undefined {
  const text = storedText(sight, stream, number);
  return text === undefined ? undefined : parseLine(text, stream, number);
}

function noteFork(sight: Sight, path: string, stream: string, head: Parsed, root: string | undefined): void {
  sight.note({
    code: "TRACE_CHECKPOINT_FORKED",
    severity: "error",
    message:
      root === undefined
        ? `${stream} has fewer entries than the ${head.tree_size} that ${path} signs`
        : `the first ${head.tree_size} entries of ${stream} are not those that ${path} signs`,
    next_step: `Run "pkg ledger verify" to see which entry differs.`,
    path,
    expected: head.root_hash,
    ...(root === undefined ? {} : { actual: root }),
  });
}
