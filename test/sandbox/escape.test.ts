import { afterAll } from "vitest";
import { escapes, summary } from "./escape/attempts.ts";
import { limits } from "./escape/limits.ts";

const user = process.getuid?.() === 0 ? "root" : "this user";
escapes(user);
limits(user);

afterAll(() => console.log(summary()));
