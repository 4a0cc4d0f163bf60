/** Between the checks and the answer: the slot, the note of what began, and the one entry of how it ended. */
import type { Effects } from "../effects/index.ts";
import { Fault, type Json, prefixed, sha256Hex } from "../kernel/index.ts";
import { type Plane, secretOf } from "../plane/index.ts";
import type { Begun, Ended } from "./begun.ts";
import { type Declared, readBrokerConfig } from "./broker/read-config.ts";
import { configFor } from "./config.ts";
import { environmentFor } from "./environment.ts";
import { evidenceDigest } from "./evidence-digest.ts";
import { requestLine } from "./exchange.ts";
import { make } from "./faults.ts";
import { valuesOf } from "./limits.ts";
import type { Prepared } from "./prepare.ts";
import { type RunEnd, type RunFacts, recordEnd, recordOnce } from "./record.ts";
import { redactorFor } from "./redact.ts";
import { type RunHead, writeRunLog } from "./run-log.ts";
import type { RunRequest, RunResult } from "./run-request.ts";
import { type Slot, takeSlot } from "./slots.ts";
import { recordLostTurn } from "./turn/close-turn.ts";
import { type OpenTurn, openTurn, removeUnwritten } from "./turn/open-turn.ts";
import { closeTurn } from "./turn/turn-verdict.ts";
import { judgeEnded, recordedMessage } from "./verdict.ts";
import { acceptedFor } from "./wall.ts";

/** @throws plugin_concurrency_limited; BROKER_CONFIG_INVALID of an agent; LEDGER_* when an earlier run cannot be recorded */
export async function begin(
  effects: Effects,
  plane: Plane,
  request: RunRequest,
  prepared: Prepared,
): Promise<Begun> {
  const { namespace } = request;
  const { concurrency_max } = prepared.limits;
  const slot = await takeSlot(effects, plane, namespace, concurrency_max.value);
  if (slot === undefined) {
    const { value, set_by } = concurrency_max;
    const runs = value === 1 ? "another run goes on" : `${value} runs go on`;
    throw make(
      "plugin_concurrency_limited",
      `${namespace}: ${runs} already, and ${value} at once is the limit`,
      {
        namespace,
        concurrency_max: value,
        set_by,
      },
    );
  }
  let turn: OpenTurn | undefined;
  try {
    await recordLeft(effects, plane, slot);
    turn = await openTurn(effects, plane, prepared, request.session);
    const config = await configFor(effects, plane, prepared.plugin);
    const environment = environmentFor(prepared.scopes, effects.host.env);
    const declared =
      prepared.plugin.asked.kind === "agent" ? await readBrokerConfig(effects, plane) : undefined;
    const facts: RunFacts = {
      ...factsOf(effects, request, prepared, config.version),
      ...askedBy(request, declared),
      ...(turn === undefined ? {} : { session_id: turn.session_id, turn_number: turn.turn_number }),
    };
    const { request_id } = facts;
    const call = { action: request.action, input: request.input, config: config.values, request_id };
    const told = turn === undefined ? call : { ...call, turn: toldOf(turn) };
    const lineFor = (id?: string): string => requestLine(told, id);
    const redactor = redactorFor(() => [
      ...config.secrets,
      ...Object.values(environment.values),
      ...(request.token === undefined ? [] : [request.token]),
      ...planeSecret(effects, plane),
    ]);
    slot.note({ facts: facts as unknown as Json });
    const began_ms = effects.clock.elapsed_ms();
    return { prepared, facts, slot, began_ms, environment, declared, turn, lineFor, redactor };
  } catch (error) {
    if (turn !== undefined) giveUp(effects, plane, turn);
    slot.release();
    throw error;
  }
}

const toldOf = ({ session_id, turn_number, outputs }: OpenTurn) => ({
  session_id,
  turn_number,
  outputs: outputs.map(({ path }) => path),
});

function giveUp({ fs }: Pick<Effects, "fs">, plane: Plane, turn: OpenTurn): void {
  removeUnwritten(fs, plane.root, turn.outputs);
  turn.release();
}

/** Nothing ran after all. */
export function abandon(effects: Pick<Effects, "fs">, plane: Plane, { slot, turn }: Begun): void {
  if (turn !== undefined) giveUp(effects, plane, turn);
  slot.clear();
  slot.release();
}

/** One that nobody can read any more was not told to the plugin either. */
function planeSecret(effects: Effects, plane: Plane): string[] {
  try {
    return [secretOf(effects, plane).secret];
  } catch {
    return [];
  }
}

function askedBy(
  { parent }: RunRequest,
  declared: Declared | undefined,
): Pick<RunFacts, "parent_run_id" | "parent_request_id" | "depth" | "broker_config"> {
  const { digest = null } = declared ?? {};
  return {
    ...(parent === undefined
      ? {}
      : { parent_run_id: parent.run_id, parent_request_id: parent.request_id, depth: parent.depth }),
    ...(digest === null ? {} : { broker_config: digest }),
  };
}

function factsOf(
  effects: Effects,
  request: RunRequest,
  prepared: Prepared,
  config_version: number,
): RunFacts {
  const { plugin, code, actor, user, limits, scopes, input, input_bytes } = prepared;
  const run_id = `RUN-${effects.random.hex(16)}`;
  return {
    run_id,
    request_id: request.request_id ?? run_id,
    namespace: request.namespace,
    action: request.action,
    package_id: plugin.record.package_id,
    version: plugin.record.version,
    archive_hash: code.archive_hash,
    code_digest: code.digest,
    config_version,
    actor,
    user,
    host: request.host,
    started_at: new Date(effects.clock.now_ms()).toISOString(),
    input_bytes,
    input_digest: evidenceDigest(JSON.stringify(input)),
    limits: valuesOf(limits),
    // By digest where they are many: a line of the ledger is bounded.
    scopes: scopes.length <= SCOPES_LISTED_MAX ? scopes : [prefixed(sha256Hex(scopes.join("\n")))],
  };
}

const SCOPES_LISTED_MAX = 32;

/** A run whose host died before it could say how it ended. */
async function recordLeft(effects: Effects, plane: Plane, slot: Slot): Promise<void> {
  const left = slot.left as { readonly facts?: RunFacts; readonly end?: RunEnd } | undefined;
  if (typeof left?.facts?.run_id === "string") {
    const unknown: RunEnd = {
      duration_ms: 0,
      layer: "unknown",
      code: "plugin_run_failed",
      message: "the process that ran it was killed before it ended",
    };
    await recordOnce(effects, plane, left.facts, left.end ?? unknown);
    await recordLostTurn(effects, plane, left.facts, left.end ?? unknown);
  }
  if (slot.left !== undefined) slot.clear();
}

/** Records how it ended and frees the slot. @throws see `runAction` */
export async function finish(effects: Effects, plane: Plane, begun: Begun, ended: Ended): Promise<RunResult> {
  const { facts, slot, prepared } = begun;
  try {
    const duration_ms = Math.round(effects.clock.elapsed_ms() - begun.began_ms);
    const judged = await judgeEnded(effects, begun, ended);
    const closed = await closeTurn(effects, plane, begun, { ended, judged, duration_ms });
    const { verdict, turn } = closed;
    const entries = turn?.entries === undefined ? {} : { turn_entries: turn.entries };
    const end = { ...endOf(begun, ended, verdict, duration_ms), ...entries };
    // Whatever happens from here on, the next run knows how this one ended.
    slot.note({ facts, end } as unknown as Json);
    keepLog(effects, plane, begun, ended, end, verdict instanceof Fault ? verdict.message : "");
    const entry = await recordEnd(effects, plane, facts, end);
    slot.clear();
    if (ended.thrown !== undefined) throw ended.thrown;
    if (verdict instanceof Fault) throw verdict;
    const { namespace, action, run_id, request_id, actor, input_bytes } = facts;
    return {
      namespace,
      action,
      run_id,
      request_id,
      event_id: entry.id,
      actor,
      duration_ms,
      input_bytes,
      output_bytes: verdict.result_bytes,
      layer: ended.layer,
      ...acceptedFor(ended.layer),
      limits: prepared.limits,
      ...(ended.resources === undefined ? {} : { resources: ended.resources }),
      denials: ended.denials,
      ...(turn === undefined ? {} : { turn }),
      result: verdict.result,
    };
  } finally {
    begun.turn?.release();
    slot.release();
  }
}

function endOf(
  begun: Begun,
  { layer, exit_code, resources, denials, denials_dropped = 0, is_watched }: Ended,
  verdict: Awaited<ReturnType<typeof judgeEnded>>,
  duration_ms: number,
): RunEnd {
  const recorded = fitting(denials);
  const denials_more = denials_dropped + denials.length - recorded.length;
  const about = {
    duration_ms,
    layer,
    ...acceptedFor(layer),
    exit_code,
    ...(resources === undefined ? {} : { resources }),
    ...(recorded.length === 0 ? {} : { denials: recorded }),
    ...(denials_more === 0 ? {} : { denials_more }),
    ...(is_watched === false ? { denials_unwatched: true as const } : {}),
  };
  if (verdict instanceof Fault)
    return { ...about, code: verdict.code, message: recordedMessage(begun, verdict) };
  const { result, result_bytes, evidence } = verdict;
  return {
    ...about,
    output_bytes: result_bytes,
    output_digest: evidenceDigest(JSON.stringify(result)),
    ...(evidence === undefined ? {} : { evidence_digest: evidenceDigest(JSON.stringify(evidence)) }),
  };
}

/** Of the 65,535 bytes of a line. */
const DENIALS_BYTES_MAX = 24_576;

/** The first of them, as many as a line of the ledger has room for. */
function fitting(denials: readonly Json[]): readonly Json[] {
  let bytes = 0;
  const end = denials.findIndex((one) => {
    bytes += Buffer.byteLength(JSON.stringify(one)) + 1;
    return bytes > DENIALS_BYTES_MAX;
  });
  return end === -1 ? denials : denials.slice(0, end);
}

function spentOf({ resources }: Ended): Pick<RunHead, "spent"> {
  const { tokens, cost_units, tools } = (resources ?? {}) as Partial<NonNullable<RunHead["spent"]>>;
  if (tokens === undefined || cost_units === undefined) return {};
  return { spent: { tokens, cost_units, ...(tools === undefined ? {} : { tools }) } };
}

/** A log that cannot be written is no reason to call a run failed. */
function keepLog(
  effects: Effects,
  plane: Plane,
  { facts, redactor }: Begun,
  ended: Ended,
  end: RunEnd,
  message: string,
): void {
  // A worker that said nothing and did well leaves no file for each of its calls.
  if (ended.call_id !== undefined && ended.stderr === "" && end.code === undefined) return;
  const { run_id, request_id, namespace, action, started_at } = facts;
  const head: RunHead = {
    run_id,
    request_id,
    namespace,
    action,
    started_at,
    duration_ms: end.duration_ms,
    outcome: end.code === undefined ? "success" : "failure",
    code: end.code ?? null,
    message,
    layer: end.layer,
    ...spentOf(ended),
    is_cut: ended.stderr_is_cut,
  };
  try {
    writeRunLog(
      effects,
      plane,
      head,
      ended.stderr_is_cut ? redactor.pieceOf(ended.stderr) : redactor.text(ended.stderr),
    );
  } catch {
    // Disk full, no permission: the ledger still says how it ended.
  }
}
