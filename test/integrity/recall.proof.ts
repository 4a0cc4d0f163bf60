/** Each way of tampering, and long lives: the fast check says what a full one says that remembers nothing. */
import { expect, test } from "vitest";
import { aLife, expectSame, IDS, live, TAMPERINGS } from "./recalled.ts";

test.each(TAMPERINGS)("%s: seen at once, and after an install", async (_, act) => {
  const on = await aLife();
  await expectSame(on, "before");
  await act(on, () => 0);
  await expectSame(on, "tampered");
  await on.install([IDS[1]]).catch(() => undefined);
  await expectSame(on, "installed");
});

test.each([1, 2, 3, 5, 8, 13])("a life by seed %i", async (seed) => {
  const told = await live(await aLife(), seed, 30);
  expect(told.filter((name) => !name.endsWith("(refused)")).length).toBeGreaterThan(12);
});
