/** A plan as the configuration of our own launcher of namespaces. */
import { JAIL_TEMP } from "../bubblewrap.ts";
import { DEVICES } from "../view.ts";
import { type Sources, stagedPaths } from "./bubblewrap-arguments.ts";
import { STAGE } from "./outer-script.ts";
import { BROKER_FD, DENIALS_FD, STATUS_FD } from "./perl-common.ts";
import type { WallPlan } from "./plan.ts";

/** JSON. `is_staged`: whether sources were taken to the stage. */
export function namespacesConfig(plan: WallPlan, sources: Sources, is_staged: boolean): string {
  const staged = stagedPaths(plan, sources).map(({ path }) => path);
  const source = (path: string): string => (is_staged ? `${STAGE}/${staged.indexOf(path)}` : path);
  return JSON.stringify({
    layer: "namespaces",
    shown: plan.system.shown,
    links: [...plan.system.links, { at: "/dev/fd", to: "/proc/self/fd" }],
    devices: DEVICES,
    laid: [
      ...plan.mounts.map(({ path, use }) => [source(path), path, use === "write"]),
      ...sources.files.map(({ from, at }) => [source(from), at, false]),
    ],
    base: plan.base ?? null,
    masks: plan.masks.map(({ path, is_folder }) => [path, is_folder]),
    kept: plan.kept.map((path) => [source(path), path, false]),
    shared_memory: true,
    temp: JAIL_TEMP,
    temp_bytes: sources.temp_bytes_max,
    cwd: sources.cwd,
    env: { ...sources.environment, PWD: sources.cwd },
    start_mark: "",
    keep: [STATUS_FD, DENIALS_FD, BROKER_FD],
    status: STATUS_FD,
  });
}
