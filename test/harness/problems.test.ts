/** Problems that only a broken product or a broken harness has: each is brought about for real, and judged by the real judges. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { Expectation, type SourceMetadata } from "../../src/contracts/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { type Answer, type Driver, findHosts } from "../../src/harness/index.ts";
import { Observer } from "../../src/harness/judge/observe.ts";
import { judgeStep } from "../../src/harness/judge/step.ts";
import { runCell } from "../../src/harness/matrix/run-cell.ts";
import { Snapshots } from "../../src/harness/oracle/snapshot.ts";
import { generatedMetadata } from "../../src/harness/plan-run.ts";
import type { World } from "../../src/harness/world/world.ts";
import { REPOSITORY } from "../support/cli.ts";
import { temporaryFolder, writeTree } from "../support/tree.ts";

const effects = nodeEffects();
const SAYS_FINE: Answer = { exit_code: 0, document: { findings: [] }, fault: null, reached: [] };
/** Every command says that all is well. */
const driver: Driver = { within: async () => SAYS_FINE, apart: async () => SAYS_FINE };

/** Folders as a world has them, and nothing in them. */
function emptyWorld(): World {
  const folder = temporaryFolder();
  writeTree(folder, { "plane/modules/a.txt": "a\n", "home/.keep": "", "tmp/.keep": "" });
  return {
    folder,
    place: { root: `${folder}/plane`, cwd: folder, env: {}, names: new Map(), ahead_ms: 0 },
    tokens: { operator: "operator", approver: "approver" },
    packages: new Map(),
    snapshots: new Snapshots(
      effects,
      ["plane", "home", "tmp"].map((name) => ({ name, path: `${folder}/${name}` })),
    ),
    secrets: ["planted-secret"],
    mark: `HOLDFAST_GOLDEN=${folder.slice(-6)}`,
    before: new Set(),
    apis: { names: new Map(), asked: () => [], close: () => undefined },
    plane_uid: "uid",
  };
}

const restart = { do: "restart" as const, expect: Expectation.parse({}) };

test("ENVIRONMENT: a variable that a command changes in the process of the harness", async () => {
  const world = emptyWorld();
  const observer = new Observer(effects, world, driver);
  const name = "HOLDFAST_TEST_ENVIRONMENT";
  const judged = async (): Promise<unknown> => {
    const performed = { answer: SAYS_FINE, others: [] };
    const { problems } = judgeStep(
      effects,
      { world, step: restart, injected: [] },
      performed,
      await observer.look(),
    );
    return problems.map(({ code, subject }) => [code, subject]);
  };
  try {
    expect(await judged()).toEqual([]);
    process.env[name] = "left";
    expect(await judged()).toEqual([["ENVIRONMENT", name]]);
  } finally {
    delete process.env[name];
  }
  expect(await judged()).toEqual([]);
});

test("NOT_RESTORED: a command that fails and leaves what it wrote", async () => {
  const world = emptyWorld();
  const observer = new Observer(effects, world, driver);
  writeTree(world.folder, { "plane/modules/half.txt": "half\n", "plane/ledger/packages.jsonl": "{}\n" });
  const fault = { code: "TRANSACTION_FAILED", message: "it failed", next_step: "Run it again.", details: {} };
  const answer = { ...SAYS_FINE, exit_code: 6, fault };
  const step = {
    do: "install" as const,
    packages: ["a"],
    dry_run: false,
    expect: Expectation.parse({ exit_code: 6 }),
  };
  const { problems } = judgeStep(
    effects,
    { world, step, injected: [] },
    { answer, others: [] },
    await observer.look(),
  );
  // A ledger is only ever appended to: what stands there is no residue of a failure.
  expect(problems.map(({ code, subject }) => [code, subject])).toEqual([
    ["NOT_RESTORED", "+ plane/modules/half.txt"],
  ]);
});

test("NOT_REFUSED: a cell outside its ranges that a preflight lets through, on a real host", async () => {
  const metadata: SourceMetadata = generatedMetadata("generated");
  const hosts = findHosts(effects, { product: REPOSITORY, checkout: REPOSITORY });
  const archive = join(temporaryFolder(), "none.tar.gz");
  writeTree(join(archive, ".."), { "none.tar.gz": "no archive\n" });
  const point = {
    id: "1.0.0 workbench@3.0.0 api@3.0.0",
    version: "1.0.0",
    host: { name: "workbench", version: "3.0.0" },
    api: "3.0.0",
    python: null,
    outside: ["host"],
  };
  const cell = await runCell(
    effects,
    {
      kind: "cells",
      pieces: [point],
      versions: [
        {
          version: "1.0.0",
          package_id: "PKG-T3-GENERATED",
          archive,
          digest: "a".repeat(64),
          metadata,
          source: { source: ".", edits: [] },
          directory: "/",
          settings: {},
        },
      ],
      hosts,
      pythons: [],
      subjects: [],
    },
    point,
    {
      driver,
      node: process.execPath,
      subjects: new Map(),
      temporary: temporaryFolder(),
      pythonIn: async () => undefined,
    },
  );
  expect(cell.verdict).toBe("fail");
  expect(cell.problems[0]).toMatchObject({ code: "NOT_REFUSED", expected: "COMPAT_UNMET", actual: "none" });
  // What nobody can unpack the host itself does not install.
  expect(cell.problems[1]).toMatchObject({ code: "HOST" });
});
