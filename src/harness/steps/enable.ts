/** Enabling a plugin, as people do it: look at what it asks, let a second person approve what is above the profile, agree. */
import type { ScenarioStep } from "../../contracts/index.ts";
import type { Answer, Driver } from "../driver.ts";
import type { World } from "../world/world.ts";
import { namespaceOf, packed } from "./calls.ts";

type EnableStep = Extract<ScenarioStep, { do: "enable" }>;

export async function enable(world: World, driver: Driver, step: EnableStep): Promise<Answer> {
  const { place, tokens } = world;
  const name = namespaceOf(packed(world, step.package));
  const ask = (input: Record<string, unknown>, typed?: readonly string[]): Promise<Answer> =>
    // Who types sits at a terminal, and a terminal has one command.
    driver[typed === undefined ? "within" : "apart"](place, {
      operation: "plugin enable",
      input: { name, ...input },
      token: tokens.operator,
      ...(typed === undefined ? {} : { typed }),
    });
  if (step.answer === "none") return ask({});
  if (step.answer === "no") return ask({}, ["no"]);
  if (step.answer === "terminal") return ask({}, ["yes"]);
  let shown = await ask({ dry_run: true });
  if (step.approve && needsApproval(shown)) {
    const approved = await driver.within(place, {
      operation: "plugin approve",
      input: { name, reason: "approved for the golden scenario", days: 30 },
      token: tokens.approver,
    });
    if (approved.exit_code !== 0) return approved;
    shown = await ask({ dry_run: true });
  }
  const digest = (shown.document as { shown_digest?: unknown } | null)?.shown_digest;
  return ask(typeof digest === "string" ? { yes: digest } : {});
}

const needsApproval = ({ document }: Answer): boolean =>
  (document as { missing?: { code?: string } | null } | null)?.missing?.code === "PLUGIN_APPROVAL_MISSING";
