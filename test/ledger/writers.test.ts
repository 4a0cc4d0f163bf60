/** Many processes on one stream, in both languages, some of them killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { verifyStream } from "../../src/ledger/index.ts";
import { aLedger, effects, linesOf, type TestLedger } from "./ledgers.ts";

const NAME = "ledger/governance.jsonl";
const PLANE_UID = "0123456789abcdef0123456789abcdef";
const WRITER = new URL("./writer.ts", import.meta.url).pathname;
const REPOSITORY = new URL("../../", import.meta.url).pathname;
const HAS_PYTHON_WRITER = existsSync(`${REPOSITORY}modules/agent_runtime/ledger.py`);

/** A ledger whose heads both languages find: the plane file names the uid, HOLDFAST_HOME the rest. */
function sharedLedger(): TestLedger & { env: NodeJS.ProcessEnv } {
  const { root } = aLedger();
  const heads = `${root}/home/planes/${PLANE_UID}/heads`;
  mkdirSync(heads, { recursive: true });
  mkdirSync(`${root}/config`);
  writeFileSync(`${root}/config/plane.toml`, `format_version = 1\nplane_uid = "${PLANE_UID}"\n`);
  const head_path = `${heads}/ledger__governance.jsonl.json`;
  const stream = { name: NAME, path: `${root}/${NAME}`, head_path };
  return { root, heads, stream, env: { ...process.env, HOLDFAST_HOME: `${root}/home` } };
}

interface Writer {
  readonly process: ChildProcess;
  /** Resolves with its first acknowledged entry. */
  readonly started: Promise<unknown>;
  /** Ids it was told are on disk, once it ended. */
  readonly acknowledged: Promise<string[]>;
  /** All it printed, once it ended. */
  readonly printed: Promise<string>;
}

function start(argv: readonly string[], env: NodeJS.ProcessEnv): Writer {
  const [command = "", ...rest] = argv;
  const child = spawn(command, rest, { cwd: REPOSITORY, env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const printed = new Promise<string>((resolve) => {
    child.on("close", () => resolve(output));
  });
  // A kill can cut the last id in half; what was not printed whole was not acknowledged.
  const acknowledged = new Promise<string[]>((resolve) => {
    child.on("close", () => resolve(output.split("\n").slice(0, -1).map(idOf)));
  });
  const started = new Promise((resolve) => child.stdout.once("data", resolve));
  return { process: child, started, acknowledged, printed };
}

const idOf = (line: string): string => (line.startsWith("{") ? JSON.parse(line).id : line);

function typescriptWriter(ledger: ReturnType<typeof sharedLedger>, who: string, count: number): Writer {
  const argv = [process.execPath, "--no-warnings", WRITER, ledger.root, NAME, ledger.heads, who, `${count}`];
  return start(argv, ledger.env);
}

function pythonWriter(ledger: ReturnType<typeof sharedLedger>, who: string, count: number): Writer {
  const fields = {
    stream: NAME,
    "event-type": "TEST",
    "submission-id": who,
    decision: "NOTE",
    reason: "é",
    root: ledger.root,
  };
  const flags = Object.entries(fields).map(([key, value]) => `--${key}=${value}`);
  return start(
    ["python3", "-B", "-m", "modules.agent_runtime.ledger", "append", ...flags, `--count=${count}`],
    ledger.env,
  );
}

function writersOf(ledger: ReturnType<typeof sharedLedger>, count: number): Writer[] {
  return Array.from({ length: 8 }, (_, i) =>
    i % 2 === 1 && HAS_PYTHON_WRITER
      ? pythonWriter(ledger, `py-${i}`, count)
      : typescriptWriter(ledger, `ts-${i}`, count),
  );
}

test("8 processes, 100 appends each: one chain, nothing lost, the head on its last line", {
  timeout: 60_000,
}, async () => {
  const ledger = sharedLedger();
  const acknowledged = await Promise.all(writersOf(ledger, 100).map((writer) => writer.acknowledged));
  expect(acknowledged.map((ids) => ids.length)).toEqual(Array.from({ length: 8 }, () => 100));
  expect(verifyStream(effects.fs, ledger.stream)).toMatchObject({
    valid: true,
    entries_count: 800,
    covered_count: 800,
    head: "match",
    findings: [],
  });
  const stored = linesOf(ledger.stream).map((line) => JSON.parse(line).id);
  expect(new Set(stored)).toEqual(new Set(acknowledged.flat()));
});

test("killed at random, 8 processes lose no acknowledged entry", { timeout: 60_000 }, async () => {
  const ledger = sharedLedger();
  const acknowledged: string[] = [];
  await Promise.all(
    writersOf(ledger, 100_000).map(async (writer, i) => {
      await writer.started;
      await new Promise((resolve) => setTimeout(resolve, (i * 137) % 300));
      writer.process.kill("SIGKILL");
      acknowledged.push(...(await writer.acknowledged));
    }),
  );
  await typescriptWriter(ledger, "last", 1).acknowledged;
  const stored = new Set(linesOf(ledger.stream).map((line) => JSON.parse(line).id));
  expect(acknowledged.length).toBeGreaterThanOrEqual(8);
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
  expect(verifyStream(effects.fs, ledger.stream)).toMatchObject({ valid: true, head: "match" });
  expect(readFileSync(`${ledger.stream.path}.lock`)).toHaveLength(0);
});

/** The same as fair-writer.ts. */
const PYTHON_FAIR = `
import json, sys, time
from modules.agent_runtime import ledger
root, name, who, duration_ms = sys.argv[1:]
until = time.monotonic() + int(duration_ms) / 1000
count, worst, before = 0, 0.0, time.monotonic()
while before < until:
    ledger.append(root + "/" + name, [dict(event_type="TEST", submission_id=who, decision="NOTE", reason="again", metadata={})], root=root)
    now = time.monotonic()
    count, worst, before = count + 1, max(worst, now - before), now
print(json.dumps({"who": who, "count": count, "worst_ms": round(worst * 1000)}))
`;

test("none of those that append without a pause starves the others", { timeout: 60_000 }, async () => {
  const ledger = sharedLedger();
  const program = new URL("./fair-writer.ts", import.meta.url).pathname;
  const where = [ledger.root, NAME, ledger.heads];
  const writers = ["ts-1", "ts-2"].map((who) =>
    start([process.execPath, "--no-warnings", program, ...where, who, "3000"], ledger.env),
  );
  if (HAS_PYTHON_WRITER)
    writers.push(start(["python3", "-B", "-c", PYTHON_FAIR, ledger.root, NAME, "py", "3000"], ledger.env));
  const told = (await Promise.all(writers.map((writer) => writer.printed))).map(
    (text) => JSON.parse(text) as { who: string; count: number; worst_ms: number },
  );
  const total = told.reduce((sum, { count }) => sum + count, 0);
  for (const { count, worst_ms } of told) {
    expect(count).toBeGreaterThan(5);
    expect(worst_ms).toBeLessThan(2500);
  }
  expect(verifyStream(effects.fs, ledger.stream)).toMatchObject({
    valid: true,
    entries_count: total,
    covered_count: total,
    head: "match",
  });
});
