import { expect, test } from "vitest";
import { becomeNobody } from "../sandbox/scene.ts";
import { turnAnswers } from "./turn-answers.ts";

await becomeNobody();

test("this is not root", () => {
  expect(process.getuid?.()).not.toBe(0);
});

turnAnswers();
