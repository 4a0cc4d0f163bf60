/** The session in docs/plugin-author.md is run as it stands: each command, its exit code, and the lines shown below it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makePlane, REPOSITORY } from "../support/cli.ts";
import { followSession, sessionOf } from "../support/console-session.ts";

const PROGRAM = `pkg() { "${process.execPath}" "${join(REPOSITORY, "bin/pkg.cjs")}" "$@"; }`;

test("the session of a plugin's author works as written", { timeout: 180_000 }, () => {
  const plane = makePlane();
  const steps = sessionOf(readFileSync(join(REPOSITORY, "docs/plugin-author.md"), "utf8"));
  expect(steps.length).toBeGreaterThan(20);
  followSession(steps, (command) => plane.run("sh", ["-c", `${PROGRAM}\n${command}`]));
});
