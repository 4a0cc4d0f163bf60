/** The sessions in the READMEs of the example plugins are run as they stand, in one plane after the other example. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makePlane, REPOSITORY } from "../support/cli.ts";
import { followSession, sessionOf } from "../support/console-session.ts";

const program = (name: string): string =>
  `${name}() { "${process.execPath}" "${join(REPOSITORY, `bin/${name}.cjs`)}" "$@"; }`;
const SETTING = [
  `EXAMPLES="${join(REPOSITORY, "modules")}"`,
  program("pkg"),
  // A shell's functions have no hyphens.
  program("integrity-check").replace("integrity-check()", "integrity_check()"),
].join("\n");

test("each example's README works as written", { timeout: 180_000 }, () => {
  const plane = makePlane();
  for (const name of ["palette", "weather", "gate", "summary", "agent"]) {
    const steps = sessionOf(readFileSync(join(REPOSITORY, `modules/example_${name}/README.md`), "utf8"));
    expect(steps.length, name).toBeGreaterThan(6);
    followSession(steps, (command) => {
      const words = command.replace(/^integrity-check/, "integrity_check");
      return plane.run("sh", ["-c", `${SETTING}\n${words}`]);
    });
  }
});
