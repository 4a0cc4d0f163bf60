/** What the fast check recalls gives the answer of one that recalls nothing, whatever was done to the plane in between. */
import { describe, expect, test } from "vitest";
import { aLife, checked, expectSame, IDS, live, OPERATIONS } from "./recalled.ts";

describe("after an operation", () => {
  test.each(OPERATIONS.slice(0, 3))("%s: only what changed is read", async (_, act) => {
    const on = await aLife();
    await on.install([IDS[1]]);
    await on.install([IDS[2]]);
    await checked(on, { fast: true });
    await act(on, () => 1);
    const report = await expectSame(on, "after");
    // The files of one package and archives of two versions at most.
    expect(report.hashed_count).toBeLessThanOrEqual(8);
    expect(report.trusted_count).toBeGreaterThan(8);
  });
});

test("a life of operations and tamperings", async () => {
  const told = await live(await aLife(), 4, 12);
  expect(told.filter((name) => !name.endsWith("(refused)")).length).toBeGreaterThan(6);
});
