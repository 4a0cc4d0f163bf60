/** Real bytecode of every interpreter found here: a legitimate cache is counted, a planted one is found. */
import { execFileSync } from "node:child_process";
import { readFileSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { findPython } from "../../src/python/index.ts";
import { aPlane, errorCodes } from "./planes.ts";

const python = await findPython(nodeEffects());
const cacheOf = (stem: string): string => `modules/alpha/__pycache__/${stem}.${python.cache_tag}.pyc`;
const compileAll = (folder: string): void => {
  execFileSync(python.executable, ["-I", "-m", "compileall", "-q", folder]);
};

test("bytecode that Python wrote is counted as cache and goes without a word", async () => {
  const { check, root, put } = await aPlane();
  put("modules/draft/new.py", "draft = 1\n");
  compileAll(join(root, "modules"));
  expect(await check()).toMatchObject({
    healthy: true,
    findings: [],
    counts: { cache: 3, match: 5, source: 3 },
  });
});

test("planted bytecode is found beside owned files and in source trees", async () => {
  const { check, root, put } = await aPlane();
  put("modules/draft/new.py", "draft = 1\n");
  put("evil/main.py", "import os\nVALUE = 'evil'\n");
  put("evil/new.py", "draft = 2\n");
  compileAll(root);
  for (const [from, to] of [
    [`evil/__pycache__/main.${python.cache_tag}.pyc`, cacheOf("main")],
    [`evil/__pycache__/new.${python.cache_tag}.pyc`, `modules/draft/__pycache__/new.${python.cache_tag}.pyc`],
  ] as const) {
    // The header stays as Python wrote it for the honest source, so an import would run what follows.
    const header = readFileSync(join(root, to)).subarray(0, 16);
    writeFileSync(join(root, to), Buffer.concat([header, readFileSync(join(root, from)).subarray(16)]));
  }
  const report = await check();
  expect(errorCodes(report)).toEqual(["PLANTED_BYTECODE"]);
  expect(report.orphans).toEqual([cacheOf("main"), `modules/draft/__pycache__/new.${python.cache_tag}.pyc`]);
  expect(report.counts).toMatchObject({ cache: 1, unowned: 2 });
  expect(report.findings[0]?.next_step).toContain(`rm ${cacheOf("main")}`);
});

test("an old cache of equal code stays a cache; one whose source is gone does not", async () => {
  const { check, root } = await aPlane();
  compileAll(join(root, "modules"));
  utimesSync(join(root, "modules/alpha/other.py"), 1, 1);
  expect((await check()).counts.cache).toBe(2);
  unlinkSync(join(root, "modules/alpha/other.py"));
  expect(errorCodes(await check())).toEqual(["BYTECODE_UNOWNED", "FILE_MISSING"]);
});

test("bytecode of a Python that is not here is not verifiable, which is not healthy", async () => {
  const { check, put } = await aPlane();
  put("modules/alpha/__pycache__/main.cpython-399.pyc", "x".repeat(64));
  const report = await check();
  expect(report.counts.not_verifiable).toBe(1);
  expect(errorCodes(report)).toEqual(["BYTECODE_NOT_VERIFIABLE"]);
});
