/** Who answers the agent of one run, and how much of its grant it may use. */
import type { Effects } from "../../effects/index.ts";
import type { Plane } from "../../plane/index.ts";
import type { Broker, SandboxProfile, Spent } from "../../sandbox/index.ts";
import type { Begun } from "../begun.ts";
import type { Hosting } from "../hosting.ts";
import type { RunRequest } from "../run-request.ts";
import type { RunOther } from "./action-tool.ts";
import { declaredBroker } from "./declared-broker.ts";
import type { Declared } from "./read-config.ts";

export interface Brokering {
  readonly broker: Broker;
  /** Of the run that asked for this one. */
  readonly left: Spent | undefined;
}

/** Undefined for a plugin that has no broker to ask. A host's own broker answers instead of the plane's. */
export function brokeringFor(
  effects: Effects,
  plane: Plane,
  {
    request,
    begun,
    declared,
  }: { readonly request: RunRequest; readonly begun: Begun; readonly declared: Declared | undefined },
  hosting: Hosting,
  run: RunOther,
): Brokering | undefined {
  if (declared === undefined) return undefined;
  const { run_id, request_id, namespace } = begun.facts;
  const { host, token, parent } = request;
  const asking = { run_id, request_id, namespace, depth: parent?.depth ?? 0, host, token };
  const broker = hosting.broker ?? declaredBroker(effects, plane, declared, { asking, run });
  return { broker, left: parent?.left };
}

/** The profile of a run that another one asked for: it spends no more than that one has left. */
export function profileWithin(profile: SandboxProfile, left: Spent | undefined): SandboxProfile {
  const { broker } = profile;
  if (broker === undefined || left === undefined) return profile;
  return {
    ...profile,
    broker: {
      ...broker,
      tokens_max: Math.min(broker.tokens_max, left.tokens),
      cost_units_max: Math.min(broker.cost_units_max, left.cost_units),
    },
  };
}
