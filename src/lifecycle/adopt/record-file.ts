/** RECORD of an installed Python distribution (PEP 376, PEP 627): what it says, line by line, however it was written. */

const LINE_BYTES_MAX = 16 << 10;
const SHA256_HEX = 64;

export interface RecordLine {
  readonly line: number;
  /** As written; judged by the caller. */
  readonly path: string;
  /** Bare hex. */
  readonly sha256?: string | undefined;
  /** Another algorithm than the one we check with. */
  readonly other_digest?: string | undefined;
  readonly size_bytes?: number | undefined;
}

export type RecordReading = RecordLine | { readonly line: number; readonly problem: string };

export function* readRecord(bytes: Buffer): Generator<RecordReading> {
  let line = 0;
  for (let start = 0; start < bytes.length; ) {
    line++;
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    const raw = bytes.subarray(start, end);
    start = end + 1;
    const reading = readOne(raw, line);
    if (reading !== undefined) yield reading;
  }
}

function readOne(raw: Buffer, line: number): RecordReading | undefined {
  if (raw.length > LINE_BYTES_MAX) return { line, problem: `it is ${raw.length} bytes long` };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(raw).replace(/\r$/, "");
  } catch {
    return { line, problem: "it is not UTF-8" };
  }
  if (text === "") return undefined;
  const cells = splitCells(text);
  if (cells === undefined) return { line, problem: "its quotes are not closed" };
  if (cells.length > 3) return { line, problem: `it has ${cells.length} cells` };
  const [path = "", digest = "", size = ""] = cells;
  if (path === "") return { line, problem: "it names no path" };
  if (size !== "" && !/^\d{1,15}$/.test(size)) return { line, problem: "its size is no number" };
  const found = { line, path, ...(size === "" ? {} : { size_bytes: Number(size) }) };
  return digest === "" ? found : withDigest(found, digest);
}

function withDigest(found: RecordLine, digest: string): RecordReading {
  const equals = digest.indexOf("=");
  const algorithm = digest.slice(0, Math.max(0, equals));
  if (algorithm !== "sha256") return { ...found, other_digest: algorithm.slice(0, 32) };
  const sha256 = Buffer.from(digest.slice(equals + 1), "base64url").toString("hex");
  if (sha256.length === SHA256_HEX) return { ...found, sha256 };
  return { line: found.line, problem: "its digest is not one of sha256" };
}

/** Cells of one line of Python's "excel" dialect; undefined when a quote stays open. */
function splitCells(text: string): string[] | undefined {
  if (!text.includes('"')) return text.split(",");
  const cells: string[] = [];
  for (let at = 0; at <= text.length; ) {
    if (text[at] !== '"') {
      const comma = text.indexOf(",", at);
      const end = comma < 0 ? text.length : comma;
      cells.push(text.slice(at, end));
      at = end + 1;
      continue;
    }
    let cell = "";
    for (at++; ; ) {
      const quote = text.indexOf('"', at);
      if (quote < 0) return undefined;
      cell += text.slice(at, quote);
      at = quote + 1;
      if (text[at] !== '"') break;
      cell += '"';
      at++;
    }
    cells.push(cell);
    if (at < text.length && text[at] !== ",") return undefined;
    at++;
  }
  return cells;
}
