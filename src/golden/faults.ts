import { defineFaults, kind } from "../kernel/index.ts";

export const { catalogue: goldenFaults, raise } = defineFaults({
  GOLDEN_UNANSWERED: kind<{ ended: string; said: string }>(
    5,
    () => `Run the same with "golden run" at a terminal to see all that it says.`,
  ),
  GOLDEN_STEP_UNKNOWN: kind<{ step: string; near: readonly string[] }>(1, (d) =>
    d.near.length === 0
      ? `Run "golden run" to see the steps there are.`
      : `Did you mean ${d.near.join(" or ")}?`,
  ),
});
