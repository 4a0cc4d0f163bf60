/** From a step to the operation it asks for. */
import type { ChangeStep, ScenarioStep } from "../../contracts/index.ts";
import type { Call } from "../driver.ts";
import type { Packed, World } from "../world/world.ts";

export type PlainStep = ChangeStep | Extract<ScenarioStep, { do: "disable" | "configure" | "preflight" }>;

export function packed({ packages }: Pick<World, "packages">, handle: string): Packed {
  const found = packages.get(handle);
  if (found === undefined) throw new Error(`package ${handle} of the scenario was not packed`);
  return found;
}

/** The namespace, for what is asked of a plugin; its id where it is none, which the operation then refuses. */
export const namespaceOf = ({ metadata, package_id }: Packed): string =>
  metadata.plugin?.namespace ?? package_id;

type Inputs = {
  readonly [K in PlainStep["do"]]: (
    one: (handle: string) => Packed,
    step: Extract<PlainStep, { do: K }>,
  ) => Omit<Call, "token">;
};

const INPUTS: Inputs = {
  install: (one, { packages, dry_run }) => ({
    operation: "install",
    input: {
      ids: packages.map((handle) => `${one(handle).package_id}@${one(handle).version}`),
      dry_run,
    },
  }),
  update: (one, { packages, to, allow_downgrade }) => ({
    operation: "update",
    input: {
      ids: packages.map((handle) => one(handle).package_id),
      to: to ?? one(packages[0] ?? "").version,
      allow_downgrade,
    },
  }),
  rollback: (one, step) => ({
    operation: "rollback",
    input: { id: one(step.package).package_id, to: step.to },
  }),
  uninstall: (one, { packages }) => ({
    operation: "uninstall",
    input: { ids: packages.map((handle) => one(handle).package_id) },
  }),
  disable: (one, step) => ({
    operation: "plugin disable",
    input: { name: namespaceOf(one(step.package)), reason: step.reason },
  }),
  configure: (one, step) => ({
    operation: "configure",
    input: {
      name: namespaceOf(one(step.package)),
      settings: Object.entries(step.settings).map(([key, value]) => `${key}=${settingText(value)}`),
    },
  }),
  execute: (one, step) => ({
    operation: "run",
    input: {
      namespace: namespaceOf(one(step.package)),
      action: step.action,
      input: JSON.stringify(step.input),
      timeout_ms: step.timeout_ms,
    },
  }),
  preflight: (one, step) => ({ operation: "preflight", input: { subjects: [one(step.package).path] } }),
};

export function callOf(world: World, step: PlainStep): Call {
  const input = INPUTS[step.do] as (one: (handle: string) => Packed, step: PlainStep) => Omit<Call, "token">;
  const call = input((handle) => packed(world, handle), step);
  // Judging a source asks for nothing that a token gives.
  return step.do === "preflight" ? call : { ...call, token: world.tokens.operator };
}

const settingText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
