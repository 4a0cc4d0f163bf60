import { expect, test } from "vitest";
import { approve, isApproved } from "../../src/lifecycle/index.ts";
import { libraryPlane } from "../support/library-plane.ts";

test("an approval holds until it ends, and not while the clock stands well before it was given", async () => {
  const { effects, plane, token } = await libraryPlane();
  const subject = "health-without-jail";
  await approve(effects, plane, { subject, reason: "until the upgrade", days: 5, token });
  const day_ms = 86_400_000;
  const after = (days: number): boolean => {
    const now_ms = () => effects.clock.now_ms() + days * day_ms;
    return isApproved({ ...effects, clock: { ...effects.clock, now_ms } }, plane, subject);
  };
  expect([-400, -2, -0.5, 0, 4.9, 5.1].map(after)).toEqual([false, false, true, true, true, false]);
});
