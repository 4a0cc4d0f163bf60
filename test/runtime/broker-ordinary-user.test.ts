import { expect, test } from "vitest";
import { becomeNobody } from "../sandbox/scene.ts";
import { brokerAnswers } from "./broker-answers.ts";

await becomeNobody();

test("this is not root", () => {
  expect(process.getuid?.()).not.toBe(0);
});

brokerAnswers();
