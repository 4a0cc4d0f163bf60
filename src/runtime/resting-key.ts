/** By what a process is found again: it serves only calls that it could have been started for. */
import type { Effects } from "../effects/index.ts";
import { sha256Hex } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { hiddenKey } from "../sandbox/index.ts";
import type { Begun } from "./begun.ts";
import type { Prepared } from "./prepare.ts";
import type { RestingKey } from "./resting.ts";
import { shownTo } from "./spawned.ts";

/** Of the files of a plugin, and of the record that lets it run. */
export const stateOf = ({ plugin, code }: Prepared): string =>
  sha256Hex(`${plugin.record_digest}\n${code.digest}\n${[...code.stamps].join("\n")}`);

/** @throws SANDBOX_TOO_MANY_PATHS */
export function workerKeyOf(fs: Effects["fs"], plane: Plane, begun: Begun): RestingKey {
  const { prepared, environment } = begun;
  const { plugin, scopes, limits } = prepared;
  const { memory_bytes_max, processes_max } = limits;
  const hidden = hiddenKey(fs, shownTo(plane, prepared));
  const started_with = [scopes, environment.values, memory_bytes_max.value, processes_max.value, hidden];
  return {
    namespace: plugin.record.namespace,
    state: stateOf(prepared),
    started_with: sha256Hex(JSON.stringify(started_with)),
  };
}
