import { expect, test } from "vitest";
import { ActionPool } from "../../src/runtime/index.ts";
import { HOSTING, runPlane } from "../support/run-plane.ts";

test("warm", async () => {
  const made = await runPlane();
  await made.provide();
  const pool = new ActionPool(made.effects, made.plane, HOSTING);
  const request = {
    namespace: "notes",
    action: "echo",
    input: {},
    host: "library",
    token: made.token,
  } as const;
  const times: number[] = [];
  for (let count = 0; count < 60; count++) {
    const from = performance.now();
    await pool.run(request);
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  console.log(times.map((one) => Math.round(one * 10) / 10).join(" "));
  expect(pool.resting_count).toBe(1);
  await pool.stop();
});
