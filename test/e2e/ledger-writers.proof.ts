/** One ledger of a real plane, written by many processes in both languages, killed at random, and forged by hand. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import type { LedgerVerdict } from "../../src/ledger/index.ts";
import { makePlane, type PlaneUnderTest, REPOSITORY, type Started, startProgram } from "../support/cli.ts";
import { ok, planesLike } from "./scenes.ts";

const STREAM = "ledger/governance.jsonl";
const LIBRARY = pathToFileURL(join(REPOSITORY, "dist/lib/index.js")).href;
/** Appends one by one through the published library and prints each id once it is acknowledged. */
const WRITER = `
import { writeSync } from "node:fs";
import { appendEntries, nodeEffects, openPlane, planeStream } from ${JSON.stringify(LIBRARY)};
const [who, count] = process.argv.slice(1);
const effects = nodeEffects();
const stream = planeStream(openPlane(effects, process.cwd()), ${JSON.stringify(STREAM)});
for (let i = 0; i < Number(count); i++) {
  const event = { event_type: "TEST", submission_id: who, decision: "NOTE", reason: "ü" + i, metadata: { i } };
  const { entries } = await appendEntries(effects, stream, [event]);
  writeSync(1, JSON.stringify({ id: entries[0].id }) + "\\n");
}`;

const newPlane = planesLike((folder) => makePlane({ with_sources: true, folder }));
const linesOf = (plane: PlaneUnderTest): string[] =>
  readFileSync(join(plane.root, STREAM), "utf8").split("\n").slice(0, -1);
const idOf = (line: string): string => (JSON.parse(line) as { id: string }).id;

function startWriter(plane: PlaneUnderTest, number: number, count: number): Started {
  const options = { cwd: plane.root, env: plane.env };
  if (number % 2 === 0)
    return startProgram(
      process.execPath,
      ["--no-warnings", "--input-type=module", "-e", WRITER, `ts-${number}`, String(count)],
      options,
    );
  return startProgram("python3", pythonWords(`py-${number}`, count), options);
}

function pythonWords(who: string, count: number): string[] {
  const fields = [
    "--event-type",
    "TEST",
    "--submission-id",
    who,
    "--decision",
    "NOTE",
    "--reason",
    "as written é",
  ];
  const words = ["-m", "modules.agent_runtime.ledger", "append", "--stream", STREAM, ...fields];
  return ["-B", ...words, "--count", String(count)];
}

/** Ids of whole lines: what was not printed to its end was not acknowledged. */
const acknowledged = (stdout: string): string[] => stdout.split("\n").slice(0, -1).map(idOf);

function verdict(plane: PlaneUnderTest): { exit: number | null; stream: LedgerVerdict } {
  const done = plane.pkg("ledger", "verify", STREAM, "--json");
  const { streams } = done.json() as { streams: [LedgerVerdict] };
  return { exit: done.status, stream: streams[0] };
}

describe("many writers", () => {
  test("8 processes, 100 appends each, TypeScript and Python: one chain, nothing lost", {
    timeout: 90_000,
  }, async () => {
    const plane = newPlane();
    const before = linesOf(plane).map(idOf);
    const writers = Array.from({ length: 8 }, (_, i) => startWriter(plane, i, 100));
    const ended = await Promise.all(writers.map((writer) => writer.ended));
    for (const { status, stderr } of ended) expect(status, stderr).toBe(0);
    const ids = ended.flatMap(({ stdout }) => acknowledged(stdout));
    expect(ids).toHaveLength(800);
    const stored = linesOf(plane).map(idOf);
    expect(stored).toHaveLength(before.length + 800);
    expect(new Set(stored)).toEqual(new Set([...before, ...ids]));
    expect(verdict(plane)).toMatchObject({
      exit: 0,
      // These writers know nothing of checkpoints; the next command signs for them.
      stream: {
        valid: true,
        head: "match",
        entries_count: stored.length,
        uncovered_count: 0,
        findings: [{ code: "LEDGER_BEYOND_CHECKPOINT", severity: "note" }],
      },
    });
    const python = ok(
      plane,
      "python3",
      "-B",
      "-m",
      "modules.agent_runtime.ledger",
      "verify",
      "--stream",
      STREAM,
    );
    expect(python.json()).toMatchObject({ valid: true, entries: stored.length });
  });

  test("writers killed at random moments: no acknowledged entry is lost", { timeout: 90_000 }, async () => {
    const plane = newPlane();
    const ids = linesOf(plane).map(idOf);
    let killed = 0;
    for (let round = 0; round < 2; round++) {
      await Promise.all(
        Array.from({ length: 8 }, async (_, i) => {
          const writer = startWriter(plane, i, 100_000);
          await new Promise((resolve) => writer.child.stdout?.once("data", resolve));
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 250));
          killed += writer.child.kill("SIGKILL") ? 1 : 0;
          ids.push(...acknowledged((await writer.ended).stdout));
        }),
      );
      expect((await startWriter(plane, round, 1).ended).status).toBe(0);
    }
    expect(killed).toBe(16);
    const stored = new Set(linesOf(plane).map(idOf));
    expect(ids.filter((id) => !stored.has(id))).toEqual([]);
    expect(verdict(plane)).toMatchObject({ exit: 0, stream: { valid: true, head: "match" } });
  });

  test.each(["ts", "py"])(
    "a torn tail is set aside by the next writer (%s), byte for byte",
    async (language) => {
      const plane = newPlane();
      const path = join(plane.root, STREAM);
      const whole = readFileSync(path);
      const torn = '{"decision": "NOTE", "entry_hash": "ab\u00e9';
      writeFileSync(path, Buffer.concat([whole, Buffer.from(torn)]));
      const before = verdict(plane);
      expect(before).toMatchObject({
        exit: 0,
        stream: { valid: true, entries_count: linesOf(plane).length },
      });
      expect(before.stream.findings.map(({ code }) => code)).toEqual(["LEDGER_TORN_TAIL"]);
      expect((await startWriter(plane, language === "ts" ? 0 : 1, 1).ended).status).toBe(0);
      expect(readFileSync(path).subarray(0, whole.length)).toEqual(whole);
      const asides = readdirSync(join(plane.root, "ledger")).filter((name) => name.includes(".torn-"));
      expect(asides.map((name) => readFileSync(join(plane.root, "ledger", name), "utf8"))).toEqual([torn]);
      expect(verdict(plane).stream).toMatchObject({
        valid: true,
        head: "match",
        torn_tails: [`ledger/${asides[0]}`],
      });
    },
  );
});

describe("forgery", () => {
  const written = planesLike((folder) => {
    const plane = makePlane({ with_sources: true, folder });
    ok(plane, "python3", ...pythonWords("py", 19));
    return plane;
  });
  /** An append sees the end only: it may be refused or follow on, but must not make the damage pass for whole. */
  const appendInBothLanguages = (plane: PlaneUnderTest): void => {
    const typescript = plane.pkg("ledger", "append", "--event", "more", "--json");
    if (typescript.status !== 0) expect(typescript.json().error.code).toBe("LEDGER_DAMAGED");
    const python = plane.run("python3", pythonWords("py", 1));
    if (python.status !== 0) expect(python.json().error.code).toBe("LEDGER_DAMAGED");
  };
  const FORGERIES: [what: string, code: string, line: number, forge: (lines: string[]) => string[]][] = [
    [
      "edited",
      "LEDGER_ENTRY_EDITED",
      7,
      (lines) => lines.with(6, (lines[6] ?? "").replace("as written", "as it was")),
    ],
    ["removed", "LEDGER_ENTRY_REMOVED", 7, (lines) => lines.toSpliced(6, 1)],
    ["the first removed", "LEDGER_ENTRY_REMOVED", 1, (lines) => lines.slice(1)],
    [
      "swapped",
      "LEDGER_ENTRIES_SWAPPED",
      7,
      (lines) => lines.with(6, lines[7] ?? "").with(7, lines[6] ?? ""),
    ],
    ["duplicated", "LEDGER_ENTRY_DUPLICATED", 8, (lines) => lines.toSpliced(7, 0, lines[6] ?? "")],
    ["not JSON", "LEDGER_LINE_MALFORMED", 7, (lines) => lines.with(6, "{}}")],
    ["empty", "LEDGER_LINE_MALFORMED", 7, (lines) => lines.toSpliced(6, 0, "")],
    [
      "without its hash (legacy form)",
      "LEDGER_",
      7,
      (lines) => lines.with(6, (lines[6] ?? "").replace(/"entry_hash": "[0-9a-f]+", /, "")),
    ],
    ["cut", "LEDGER_TAIL_CUT", 18, (lines) => lines.slice(0, 17)],
  ];

  test.each(FORGERIES)("a line %s is found as %s and named", (what, code, line, forge) => {
    const plane = written();
    const path = join(plane.root, STREAM);
    expect(verdict(plane)).toMatchObject({ exit: 0, stream: { valid: true, head: "match" } });
    const lines = linesOf(plane);
    // Genesis, the configuration as recorded, and what was written.
    expect(lines).toHaveLength(21);
    const forged = forge(lines);
    expect(forged, what).not.toEqual(lines);
    writeFileSync(path, `${forged.join("\n")}\n`);
    const { exit, stream } = verdict(plane);
    expect({ exit, valid: stream.valid, line: stream.first_bad?.line }).toEqual({
      exit: 1,
      valid: false,
      line,
    });
    expect(stream.first_bad?.code).toContain(code);
    expect(plane.run("integrity-check", ["--json"]).json()).toMatchObject({ healthy: false });
    appendInBothLanguages(plane);
    expect(verdict(plane).stream).toMatchObject({ valid: false, first_bad: { line } });
  });

  test("a tail rewritten with fresh hashes is caught by the head beside the keys", () => {
    const plane = written();
    const script = `
import sys
from modules.agent_runtime import ledger_lines
import json, hashlib
path = sys.argv[1]
lines = open(path, encoding="utf-8").read().splitlines()
previous = json.loads(lines[4])["entry_hash"]
out = lines[:5]
for line in lines[5:]:
    entry = json.loads(line)
    if len(out) == 6: entry["reason"] = "forged"
    entry["previous_hash"] = previous
    del entry["entry_hash"]
    previous = hashlib.sha256(json.dumps(entry, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    entry["entry_hash"] = previous
    out.append(json.dumps(entry, sort_keys=True, ensure_ascii=False))
open(path, "w", encoding="utf-8", newline="\\n").write("\\n".join(out) + "\\n")
`;
    ok(plane, "python3", "-B", "-c", script, STREAM);
    const rewritten = { exit: 1, stream: { valid: false, head: "mismatch" } };
    expect(verdict(plane)).toMatchObject(rewritten);
    expect(verdict(plane).stream.first_bad?.code).toBe("LEDGER_HEAD_MISMATCH");
    // A writer that moved the head along would wipe out the only evidence.
    appendInBothLanguages(plane);
    expect(verdict(plane)).toMatchObject(rewritten);
  });
});
