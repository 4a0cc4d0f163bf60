import { afterAll } from "vitest";
import { counts, escapes } from "./escape/attempts.ts";
import { limits } from "./escape/limits.ts";

const user = process.getuid?.() === 0 ? "root" : "this user";
escapes(user);
limits(user);

afterAll(() => console.log(counts.join("\n")));
