/** Does one step in a world. */
import type { ScenarioStep } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import type { Call, Driver } from "../driver.ts";
import type { World } from "../world/world.ts";
import { callOf } from "./calls.ts";
import { enable } from "./enable.ts";
import type { Performed } from "./performed.ts";
import { tamper } from "./tamper.ts";

/** @param failpoints as `pkg failpoints` explains; undefined where nothing is injected */
export async function perform(
  effects: Pick<Effects, "fs">,
  world: World,
  driver: Driver,
  step: ScenarioStep,
  failpoints: string | undefined,
): Promise<Performed> {
  const { place } = world;
  if (step.do === "enable") return { answer: await enable(world, driver, step), others: [] };
  if (step.do === "tamper") return tamper(effects, world, step);
  if (step.do === "restart") return { answer: await driver.apart(place, SETTLE), others: [] };
  if (step.do === "concurrent") return together(world, driver, step);
  if (step.do === "crash")
    return killed(world, driver, { ...callOf(world, step.during), failpoints: `${step.at}=kill` });
  const call = callOf(world, step);
  if (failpoints === undefined) return { answer: await driver.within(place, call), others: [] };
  return ENDS_PROCESS.test(failpoints)
    ? killed(world, driver, { ...call, failpoints })
    : { answer: await driver.within(place, { ...call, failpoints }), others: [] };
}

const SETTLE: Call = { operation: "doctor", input: {} };
/** Actions that end the process they happen in; see `pkg failpoints`. */
const ENDS_PROCESS = /=(?:.*,)?(?:kill|torn|lost)\b/;

/** The next command of a user finds what was left and settles it. */
async function killed({ place }: World, driver: Driver, call: Call): Promise<Performed> {
  const answer = await driver.apart(place, call);
  return { answer, others: [await driver.apart(place, SETTLE)] };
}

/** The answer is that of the command that ended worst. */
async function together(
  world: World,
  driver: Driver,
  { steps }: Extract<ScenarioStep, { do: "concurrent" }>,
): Promise<Performed> {
  const others = await Promise.all(steps.map((one) => driver.apart(world.place, callOf(world, one))));
  const answer = others.toSorted((a, b) => b.exit_code - a.exit_code)[0];
  if (answer === undefined) throw new Error("nothing ran at once");
  return { answer, others };
}
