/** The pipe contract of one call: what goes to a plugin's process, and what is believed of what comes back. Pure. */

export interface Call {
  readonly action: string;
  readonly input: unknown;
  /** In force, secrets resolved. Goes to the process and nowhere else. */
  readonly config: unknown;
  readonly request_id: string;
  /** Of a turn: its session, its number, and plane-relative paths of what it declared to write. */
  readonly turn?: {
    readonly session_id: string;
    readonly turn_number: number;
    readonly outputs: readonly string[];
  };
}

/** One line with its newline; with an `id` for a worker, which answers with the same one. */
export const requestLine = (call: Call, id?: string): string => {
  const { action, input, config, request_id, turn } = call;
  const tag = id === undefined ? {} : { id };
  const in_turn = turn === undefined ? {} : { turn };
  return `${JSON.stringify({ ...tag, operation: "action", action, input, config, request_id, ...in_turn })}\n`;
};

/** Beside the result: status, evidence, an error's message. */
export const ENVELOPE_BYTES_MAX = 4096;

export type Answer =
  | {
      readonly kind: "ok";
      readonly result: unknown;
      readonly result_bytes: number;
      readonly evidence?: unknown;
    }
  | { readonly kind: "refused"; readonly code: string; readonly message: string }
  /** Continues "the plugin ". */
  | { readonly kind: "garbage"; readonly problem: string };

/** What a plugin says when it is asked for an action it does not know. */
export const UNKNOWN_ACTION = new Set([
  "plugin_action_not_found",
  "ACTION_UNKNOWN",
  "ACTION_NOT_FOUND",
  "UNKNOWN_ACTION",
]);

/** Own properties only; a plugin's JSON names what it likes. `id`: what a worker has to answer with. */
export function readAnswer(bytes: Uint8Array, id?: string): Answer {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    if (bytes.length === 0) return garbage("ended without an answer");
    return garbage(
      error instanceof SyntaxError ? "did not answer with one JSON object" : "did not answer in UTF-8",
    );
  }
  if (!isRecord(value)) return garbage("did not answer with one JSON object");
  if (id !== undefined && own(value, "id") !== id) return garbage("answered another call than this one");
  const status = own(value, "status");
  if (status === "error") return refusalIn(own(value, "error"));
  if (status !== "ok") return garbage(`answered without a status "ok" or "error"`);
  const result = own(value, "result") ?? null;
  const result_bytes = jsonBytes(result);
  if (result_bytes === undefined) return garbage("answered with a result that nests too deeply");
  const evidence = own(value, "evidence");
  return { kind: "ok", result, result_bytes, ...(evidence === undefined ? {} : { evidence }) };
}

function refusalIn(error: unknown): Answer {
  if (!isRecord(error)) return garbage(`answered with status "error" and no error`);
  const code = own(error, "code");
  const message = own(error, "message");
  return {
    kind: "refused",
    code: typeof code === "string" ? code : "",
    message: typeof message === "string" ? message : "",
  };
}

/** Bytes as JSON text in UTF-8; undefined for what cannot be written so. */
export function jsonBytes(value: unknown): number | undefined {
  try {
    const text: string | undefined = JSON.stringify(value);
    return text === undefined ? undefined : Buffer.byteLength(text);
  } catch {
    return undefined;
  }
}

const garbage = (problem: string): Answer => ({ kind: "garbage", problem });
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const own = (record: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(record, key) ? record[key] : undefined;
