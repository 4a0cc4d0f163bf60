import { afterAll, expect, test } from "vitest";
import { escapes, recorded, summary } from "./escape/attempts.ts";
import { last_seen, limits } from "./escape/limits.ts";
import { becomeNobody } from "./scene.ts";

await becomeNobody();

test("this is not root", () => {
  expect(process.getuid?.()).not.toBe(0);
});

const user = "an ordinary user";
escapes(user);
recorded(user);
// Five seconds are watched as the other user.
limits(user, 600);

afterAll(() => console.log([summary(), ...last_seen].join("\n")));
