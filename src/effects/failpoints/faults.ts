import { defineFaults, kind } from "../../kernel/index.ts";

export const { catalogue: failpointFaults, make } = defineFaults({
  FAILPOINT_INVALID: kind<{ part: string; problem: string }>(
    2,
    () =>
      `Run "HOLDFAST_FAILPOINTS= pkg failpoints" to see names and actions, then correct HOLDFAST_FAILPOINTS.`,
  ),
});
