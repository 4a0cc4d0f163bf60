/** A process for one call: begun behind the wall with the request on its stdin, read until it ends. */
import type { Effects } from "../effects/index.ts";
import type { Json } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import {
  type CallLimits,
  type Confined,
  type ConfineNeeds,
  confine,
  type Outcome,
  profileFor,
  type StartRequest,
  type Wall,
} from "../sandbox/index.ts";
import type { Begun, Ended } from "./begun.ts";
import { type Brokering, profileWithin } from "./broker/brokering.ts";
import { ENVELOPE_BYTES_MAX } from "./exchange.ts";
import type { Hosting } from "./hosting.ts";
import type { Prepared } from "./prepare.ts";
import { profileOfTurn } from "./turn/turn-profile.ts";
import { type Walled, wallFor } from "./wall.ts";

/** Of /tmp inside. */
const TEMP_BYTES_MAX = 64 << 20;

/** @throws plugin_interpreter_missing, SANDBOX_*, JAIL_*, TEMP_UNUSABLE, PYTHON_*: nothing ran then */
export async function startProcess(
  effects: Effects,
  plane: Plane,
  begun: Begun,
  hosting: Hosting,
  brokering?: Brokering,
): Promise<Confined> {
  const walled = await wallFor(effects, plane, hosting, begun.prepared.plugin);
  const request = confinement(effects, plane, begun, { walled, brokering });
  return confineCall(effects, walled.wall, request, callOf(begun));
}

export type StartProcess = typeof startProcess;

/** Started and begun at once. @throws as `confine` */
export const confineCall = (
  effects: ConfineNeeds,
  wall: Wall,
  request: StartRequest,
  { stdin, limits }: OneCall,
): Promise<Confined> =>
  confine(effects, wall, { ...request, stdin, limits: { ...request.limits, ...limits } });

/** What is of one call alone. */
interface OneCall {
  readonly stdin: string;
  readonly limits: CallLimits;
}

export function callOf({ prepared: { limits }, lineFor }: Pick<Begun, "prepared" | "lineFor">): OneCall {
  return {
    stdin: lineFor(),
    limits: {
      timeout_ms: limits.timeout_ms.value,
      output_bytes_max: limits.output_bytes_max.value + ENVELOPE_BYTES_MAX,
    },
  };
}

/** All of it but what goes through the pipes. */
export function confinement(
  effects: Pick<Effects, "signal">,
  plane: Plane,
  { prepared, environment, turn }: Pick<Begun, "prepared" | "environment" | "turn">,
  { walled: { program }, brokering }: { readonly walled: Walled; readonly brokering?: Brokering | undefined },
): StartRequest {
  const { code, limits } = prepared;
  const { executable, readable, version } = program;
  const { profile, ...shown } = shownTo(plane, prepared);
  return {
    ...shown,
    profile: profileOfTurn(profileWithin(profile, brokering?.left), turn?.outputs),
    program: {
      executable,
      readable,
      entrypoint: code.entrypoint,
      ...(version === undefined ? {} : { version }),
    },
    overlays: code.bytes,
    ...(brokering === undefined ? {} : { broker: brokering.broker }),
    environment: environment.values,
    limits: {
      memory_bytes_max: limits.memory_bytes_max.value,
      processes_max: limits.processes_max.value,
      temp_bytes_max: TEMP_BYTES_MAX,
    },
    signal: effects.signal,
  };
}

/** Of the plane: what is shown of it, and what is hidden in that. */
export function shownTo(
  plane: Plane,
  { plugin, scopes, code }: Prepared,
): Pick<StartRequest, "profile" | "plane_root"> & { readonly hidden: readonly string[] } {
  const { kind, runtime, namespace, root } = plugin.asked;
  return {
    profile: profileFor({ kind, runtime, namespace, root, scopes }),
    plane_root: plane.root,
    hidden: [plane.keys_directory, ...code.strangers],
  };
}

/** Never throws: what stopped it is told. */
export async function collect(running: Confined): Promise<Ended> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of running.stdout) chunks.push(chunk);
    // The program ends by itself now, or at its limit.
    return endedOf(running, await running.done, Buffer.concat(chunks));
  } catch (error) {
    const thrown = error instanceof Error ? error : new Error(String(error));
    running.kill();
    await running.done.catch(() => undefined);
    const nothing = { stdout: Buffer.alloc(0), stderr: "", stderr_is_cut: false, denials: [] };
    return { how: "stopped", exit_code: null, layer: running.layer, ...nothing, thrown };
  }
}

const STDERR_KEPT_BYTES = 65_536;

function endedOf({ layer }: Confined, outcome: Outcome, stdout: Uint8Array): Ended {
  const { ended, exit_code, stderr, usage, denials, denials_dropped, is_watched } = outcome;
  return {
    how: ended,
    exit_code,
    stdout,
    stderr,
    stderr_is_cut: Buffer.byteLength(stderr) >= STDERR_KEPT_BYTES,
    layer,
    resources: { ...usage } as unknown as Json,
    denials: denials.map((one) => ({ ...one })),
    denials_dropped,
    is_watched,
  };
}
