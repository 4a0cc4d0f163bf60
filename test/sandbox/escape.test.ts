import { afterAll } from "vitest";
import { escapes, recorded, summary } from "./escape/attempts.ts";
import { limits } from "./escape/limits.ts";

const user = process.getuid?.() === 0 ? "root" : "this user";
escapes(user);
recorded(user);
limits(user);

afterAll(() => console.log(summary()));
