/** README's session is run as it stands, in a home of its own, and leaves the checkout as it was. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/tree.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

test("the session in README works when pasted", () => {
  const readme = readFileSync(join(REPOSITORY, "README.md"), "utf8");
  const session = /## A session[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  expect(session.split("\n").length).toBeGreaterThan(6);
  const home = temporaryFolder();
  const env = { PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`, HOME: home, TMPDIR: home };
  const done = spawnSync("sh", ["-e", "-c", session], { cwd: REPOSITORY, env, encoding: "utf8" });
  expect(done.status, done.stdout + done.stderr).toBe(0);
  expect(done.stdout).toContain("HEALTHY");
});
