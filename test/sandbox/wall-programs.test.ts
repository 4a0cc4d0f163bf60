/** The Perl programs of the wall are started without `use strict`, and hold to it. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { INNER_SCRIPT } from "../../src/sandbox/wall/inner-script.ts";
import { OUTER_SCRIPT } from "../../src/sandbox/wall/outer-script.ts";
import { perlProgram } from "../../src/sandbox/wall/perl-common.ts";

const compiled = (text: string): string =>
  spawnSync("/usr/bin/perl", ["-Mstrict", "-c", "-e", text], { encoding: "utf8" }).stderr;

test.each(["x64", "arm64"])("on %s", (arch) => {
  const inner = perlProgram(arch, INNER_SCRIPT);
  for (const text of [perlProgram(arch, OUTER_SCRIPT), inner]) expect(compiled(text)).toBe("-e syntax OK\n");
  expect(compiled(`${inner}\n$undeclared = 1;`)).toContain("Global symbol");
});
