/** Files that are digested together: each its own digest, whatever became of the job before. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type DigestJob, runJob } from "../../src/effects/node/file-jobs.ts";
import { STAMP_WIDTH } from "../../src/effects/ports.ts";

const COUNT = 600;
const SIZES = [0, 1, 55, 56, 64, 8191, 8192, 8193];

function jobOn(folder: string): DigestJob {
  const names = Array.from({ length: COUNT }, (_, index) => `f${index}`);
  let length = 0;
  return {
    kind: "digest",
    folder: `${folder}/`,
    paths: Buffer.from(names.join("")),
    ends: Uint32Array.from(names, (name) => (length += name.length)),
    is_unstamped: true,
    known: null,
    next: new Int32Array(1),
    joined: new Int32Array(1),
    states: new Uint8Array(COUNT),
    digests: new Uint8Array(COUNT * 32),
    stamps: new BigUint64Array(COUNT * STAMP_WIDTH),
  };
}

/** Files of other bytes for another seed. */
function filesIn(seed: number): { readonly top: string; readonly wanted: readonly string[] } {
  const top = mkdtempSync(join(tmpdir(), "small-"));
  onTestFinished(() => rmSync(top, { recursive: true }));
  const wanted = Array.from({ length: COUNT }, (_, index) => {
    const bytes = Buffer.alloc(SIZES[(index + seed) % SIZES.length] ?? 0, index);
    writeFileSync(join(top, `f${index}`), bytes);
    return createHash("sha256").update(bytes).digest("hex");
  });
  return { top, wanted };
}

test("what a job that failed had taken is not digested into the next one", () => {
  const { top, wanted } = filesIn(0);
  const broken = jobOn(filesIn(1).top);
  let left = 40;
  // The table of the job that fails: its fortieth state cannot be kept.
  const states = new Proxy(broken.states, {
    set: (target, key, value) => {
      if (left-- === 0) throw new Error("broken");
      return Reflect.set(target, key, value, target);
    },
  });
  expect(() => runJob({ ...broken, states })).toThrow("broken");
  const job = jobOn(top);
  expect(runJob(job)).toEqual([]);
  const hex = Buffer.from(job.digests).toString("hex");
  expect(wanted.filter((digest, index) => hex.slice(index * 64, index * 64 + 64) !== digest)).toEqual([]);
});
