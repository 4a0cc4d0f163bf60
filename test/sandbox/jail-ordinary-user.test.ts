import { expect, test } from "vitest";
import { jailPromises } from "./jail-promises.ts";
import { becomeNobody } from "./scene.ts";

await becomeNobody();

test("this is not root", () => {
  expect(process.getuid?.()).not.toBe(0);
});

jailPromises();
