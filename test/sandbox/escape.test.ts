import { afterAll } from "vitest";
import { escapes, recorded, summary } from "./escape/attempts.ts";
import { last_seen, limits } from "./escape/limits.ts";

const user = process.getuid?.() === 0 ? "root" : "this user";
escapes(user);
recorded(user);
limits(user, 5000);

afterAll(() => console.log([summary(), ...last_seen].join("\n")));
