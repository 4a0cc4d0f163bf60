import { expect, test } from "vitest";
import { runPlane } from "../support/run-plane.ts";

test("runs", async () => {
  const made = await runPlane();
  await made.provide();
  for (let i = 0; i < 5; i++) {
    const t0 = performance.now();
    const done = await made.act({ a: 1 });
    console.log(performance.now() - t0, JSON.stringify(done));
  }
  console.log(await made.fails({ code: "time.sleep(5)" }, { limits: { timeout_ms: 200 } }));
  console.log(await made.fails({ code: "print('x'*100000000)" }, {}));
  console.log(await made.fails({ code: "open('/etc/shadow')" }, {}));
  console.log(JSON.stringify(made.runs(), null, 1).slice(-3000));
});
