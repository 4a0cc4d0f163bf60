/** A step of a report by its id. */
import type { GoldenReport, GoldenScenario, GoldenStep } from "../contracts/index.ts";
import { nearest } from "../kernel/index.ts";
import { raise } from "./faults.ts";

/**
 * @param id of a step, or `scenario/step` where several scenarios have one of that name
 * @throws GOLDEN_STEP_UNKNOWN
 */
export function goldenStep(report: GoldenReport, id: string): GoldenStep {
  for (const scenario of report.scenarios)
    for (const step of scenario.steps) if (id === step.id || id === fullId(scenario, step)) return step;
  const known = report.scenarios.flatMap(({ steps }) => steps.map((step) => step.id));
  return raise("GOLDEN_STEP_UNKNOWN", `no scenario has a step "${id}"`, {
    step: id,
    near: nearest(id, known),
  });
}

export const fullId = ({ name }: Pick<GoldenScenario, "name">, { id }: Pick<GoldenStep, "id">): string =>
  `${name}/${id}`;
