import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import { LedgerEntry } from "../../src/contracts/index.ts";
import type { Effects, WriteHandle } from "../../src/effects/index.ts";
import { sha256Hex } from "../../src/kernel/index.ts";
import { appendEntries, appendOnce, genesisEntry, streamRef, verifyStream } from "../../src/ledger/index.ts";
import { aLedger, anEntry, effects, faultOf, filled, linesOf } from "./ledgers.ts";

describe("the line", () => {
  test("ten sorted keys, Python's separators, chained", async () => {
    const { stream } = aLedger();
    const fixed = {
      ...effects,
      clock: { ...effects.clock, now_ms: () => 0 },
      random: { hex: (n: number) => "0a".repeat(n) },
    };
    const { entries } = await appendEntries(fixed, stream, [
      anEntry({ metadata: { b: 1, a: [true, null, "é\u2028"] } }),
      anEntry(),
    ]);
    const [first = "", second = ""] = linesOf(stream);
    expect(first.replace(/"entry_hash": "[0-9a-f]{64}", /, "")).toBe(
      '{"decision": "INSTALL", "event_type": "INSTALLED", "id": "LED-0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a", "metadata": {"a": [true, null, "é\u2028"], "b": 1}, "previous_hash": "", "prompts_used": [], "reason": "as asked", "submission_id": "PKG-T1-RUNTIME-001", "timestamp": "1970-01-01T00:00:00.000000+00:00"}',
    );
    expect(JSON.parse(first).entry_hash).toBe(sha256Hex(first.replace(/"entry_hash": "[0-9a-f]{64}", /, "")));
    expect(JSON.parse(second).previous_hash).toBe(JSON.parse(first).entry_hash);
    expect(entries.map((entry) => LedgerEntry.parse(entry))).toEqual([JSON.parse(first), JSON.parse(second)]);
  });

  test.each([
    ["event_type", { event_type: "" }],
    ["event_type", { event_type: 5 }],
    ["reason", { reason: "x".repeat(4097) }],
    ["reason", { reason: "\udead" }],
    ["metadata.n", { metadata: { n: 0.5 } }],
    ["metadata.n", { metadata: { n: Number.NaN } }],
    ["metadata.n", { metadata: { n: 2 ** 53 } }],
    ["metadata.a[1]", { metadata: { a: [1, undefined] } }],
    ["metadata.d", { metadata: { d: new Date(0) } }],
    ["metadata.b", { metadata: { b: 1n } }],
    ["metadata.m", { metadata: { m: new Map() } }],
    ["metadata", { metadata: { "\ud800": 1 } }],
    ["metadata", { metadata: [] }],
    ["prompts_used[0]", { prompts_used: [1] }],
    ["prompts_used", { prompts_used: "x" }],
  ])("refuses %s", async (field, changes) => {
    const { stream } = aLedger();
    const fault = await faultOf(() =>
      appendEntries(effects, stream, [anEntry(), anEntry(changes as object)]),
    );
    expect([fault.code, fault.details["field"]]).toEqual(["LEDGER_ENTRY_INVALID", field]);
    expect(existsSync(stream.path)).toBe(false);
  });

  test("refuses nesting its own reader would refuse; writes what is just below", async () => {
    const { stream } = aLedger();
    const nested = (depth: number): object =>
      JSON.parse(`{"a": ${"[".repeat(depth)}${"]".repeat(depth)}}`) as object;
    await appendEntries(effects, stream, [anEntry({ metadata: nested(62) as never })]);
    expect(verifyStream(effects.fs, stream).valid).toBe(true);
    const fault = await faultOf(() =>
      appendEntries(effects, stream, [anEntry({ metadata: nested(63) as never })]),
    );
    expect(fault.code).toBe("LEDGER_ENTRY_INVALID");
  });

  test("65,535 bytes with newline is the most", async () => {
    const { stream } = aLedger();
    await appendEntries(effects, stream, [anEntry({ metadata: { x: "" } })]);
    const spare = 65_535 - statSync(stream.path).size - 64;
    await appendEntries(effects, stream, [anEntry({ metadata: { x: "y".repeat(spare) } })]);
    expect(linesOf(stream)[1]?.length).toBe(65_534);
    const fault = await faultOf(() =>
      appendEntries(effects, stream, [anEntry({ metadata: { x: "y".repeat(spare + 1) } })]),
    );
    expect([fault.code, fault.details["size_bytes"]]).toEqual(["LEDGER_ENTRY_TOO_LARGE", 65_536]);
    expect(linesOf(stream)).toHaveLength(2);
  });

  test("a key __proto__ is a key like any other", async () => {
    const { stream } = aLedger();
    await appendEntries(effects, stream, [
      anEntry({ metadata: JSON.parse('{"__proto__": {"x": 1}, "a": 2}') }),
    ]);
    expect(linesOf(stream)[0]).toContain('"metadata": {"__proto__": {"x": 1}, "a": 2}');
    expect(verifyStream(effects.fs, stream).valid).toBe(true);
  });
});

test("acknowledged means: written, on disk, its directory too when new, and only then the head", async () => {
  const { stream } = aLedger();
  const recorded = recording();
  await appendEntries(recorded, stream, [anEntry(), anEntry()]);
  expect(recorded.calls.splice(0)).toEqual([
    "sync directory",
    "write governance.jsonl",
    "sync governance.jsonl",
    "sync ledger",
    "write head",
    "rename to ledger__governance.jsonl.json",
  ]);
  await appendEntries(recorded, stream, [anEntry()]);
  expect(recorded.calls.slice(0, 3)).toEqual([
    "write governance.jsonl",
    "sync governance.jsonl",
    "write ledger__governance.jsonl.json",
  ]);
});

describe("the head", () => {
  test("follows every append, mode 0600, and counts entries", async () => {
    const ledger = aLedger();
    const before = process.umask(0);
    await filled(ledger, 3).finally(() => process.umask(before));
    await filled(ledger, 2);
    const [name = ""] = readdirSync(ledger.heads);
    expect(name).toBe("ledger__governance.jsonl.json");
    expect(statSync(`${ledger.heads}/${name}`).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(`${ledger.heads}/${name}`, "utf8"))).toEqual({
      bytes: statSync(ledger.stream.path).size,
      entries: 5,
      entry_hash: JSON.parse(linesOf(ledger.stream)[4] ?? "").entry_hash,
      stream: "ledger/governance.jsonl",
    });
  });

  test("catches up when others could not reach it", async () => {
    const ledger = aLedger();
    const { head_path: _none, ...without } = ledger.stream;
    await filled(ledger, 2);
    await appendEntries(effects, without, [anEntry(), anEntry()]);
    expect(verifyStream(effects.fs, ledger.stream)).toMatchObject({
      valid: true,
      head: "behind",
      covered_count: 2,
      uncovered_count: 2,
    });
    await filled(ledger, 1);
    expect(verifyStream(effects.fs, ledger.stream)).toMatchObject({
      valid: true,
      head: "match",
      covered_count: 5,
    });
  });

  test("an unwritable head does not stop an append", async () => {
    const ledger = aLedger();
    const stream = { ...ledger.stream, head_path: `${ledger.root}/nowhere/h.json` };
    await appendEntries(effects, stream, [anEntry()]);
    expect(verifyStream(effects.fs, stream)).toMatchObject({
      valid: true,
      head: "missing",
      uncovered_count: 1,
    });
  });

  test.each(["cut tail", "rewritten tail"])("a writer refuses to continue over a %s", async (what) => {
    const ledger = aLedger();
    const lines = await filled(ledger, 3);
    const kept = statSync(ledger.stream.path).size - (lines[2]?.length ?? 0) - 1;
    truncateSync(ledger.stream.path, kept);
    const { head_path: _none, ...without } = ledger.stream;
    if (what === "rewritten tail") await appendEntries(effects, without, [anEntry({ reason: "entry x" })]);
    const fault = await faultOf(() => filled(ledger, 1));
    expect([fault.code, fault.exit_code]).toEqual(["LEDGER_DAMAGED", 4]);
  });
});

describe("torn tails and damage", () => {
  test.each([
    ["half a line", (line: string) => line.slice(0, 40)],
    ["a whole line without newline", (line: string) => line],
    ["NULs", () => "\0".repeat(4096)],
    ["more than a chunk", () => "x".repeat(200_000)],
  ])("%s is set aside, cut and reported", async (_what, tail) => {
    const ledger = aLedger();
    const lines = await filled(ledger, 2);
    const size = statSync(ledger.stream.path).size;
    const torn = tail(lines[1] ?? "");
    appendFileSync(ledger.stream.path, torn);
    expect(verifyStream(effects.fs, ledger.stream)).toMatchObject({
      valid: true,
      entries_count: 2,
      head: "match",
    });
    const { torn_tail } = await appendEntries(effects, ledger.stream, [anEntry()]);
    const aside = `${ledger.stream.path}.torn-${size}-${sha256Hex(torn).slice(0, 12)}`;
    expect(torn_tail).toEqual({ path: aside, bytes: torn.length });
    expect(readFileSync(aside, "utf8")).toBe(torn);
    expect(verifyStream(effects.fs, ledger.stream)).toMatchObject({
      valid: true,
      entries_count: 3,
      head: "match",
      torn_tails: [`ledger/${aside.split("/").at(-1)}`],
      findings: [],
    });
  });

  test("a file that is only a torn tail starts anew", async () => {
    const { stream } = aLedger();
    mkdirSync(stream.path.replace(/\/[^/]*$/, ""));
    writeFileSync(stream.path, "{");
    await appendEntries(effects, stream, [anEntry()]);
    expect(verifyStream(effects.fs, stream)).toMatchObject({ valid: true, entries_count: 1 });
  });

  test.each([
    ["edited", (line: string) => line.replace("entry 1", "entry 9")],
    ["malformed", () => "{}"],
    ["empty", () => ""],
  ])("an %s last line is never continued", async (_what, change) => {
    const { stream } = aLedger();
    const { head_path: _none, ...without } = stream;
    await appendEntries(effects, without, [anEntry({ reason: "entry 0" }), anEntry({ reason: "entry 1" })]);
    const [first = "", second = ""] = linesOf(stream);
    const text = `${first}\n${change(second)}\n`;
    writeFileSync(stream.path, text);
    const fault = await faultOf(() => appendEntries(effects, without, [anEntry()]));
    expect([fault.code, fault.exit_code, fault.next_step]).toEqual([
      "LEDGER_DAMAGED",
      4,
      'Run "pkg ledger verify".',
    ]);
    expect(readFileSync(stream.path, "utf8")).toBe(text);
  });
});

describe("an unwilling world", () => {
  test("a held lock is LEDGER_BUSY", async () => {
    const ledger = aLedger();
    await filled(ledger, 1);
    const held = await effects.locks.acquire(`${ledger.stream.path}.lock`, { wait_ms: 0 });
    const fault = await faultOf(() => appendEntries(effects, ledger.stream, [anEntry()], { wait_ms: 50 }));
    held?.release();
    expect([fault.code, fault.exit_code]).toEqual(["LEDGER_BUSY", 5]);
    expect(linesOf(ledger.stream)).toHaveLength(1);
  });

  test("a lock that is a link or no database", async () => {
    const ledger = aLedger();
    mkdirSync(`${ledger.root}/ledger`);
    symlinkSync("/dev/null", `${ledger.stream.path}.lock`);
    expect((await faultOf(() => filled(ledger, 1))).code).toBe("LEDGER_LOCK_UNUSABLE");
    const other = aLedger("ledger/packages.jsonl");
    mkdirSync(`${other.root}/ledger`);
    writeFileSync(`${other.stream.path}.lock`, "not a database, and long enough to look at".repeat(99));
    expect((await faultOf(() => filled(other, 1))).code).toBe("LEDGER_LOCK_UNUSABLE");
  });

  test("a stream that is a link", async () => {
    const ledger = aLedger();
    mkdirSync(`${ledger.root}/ledger`);
    writeFileSync(`${ledger.root}/elsewhere`, "");
    symlinkSync(`${ledger.root}/elsewhere`, ledger.stream.path);
    expect((await faultOf(() => filled(ledger, 1))).code).toBe("LEDGER_IO");
  });

  test("a full disk in the middle of a line leaves nothing behind", async () => {
    const ledger = aLedger();
    await filled(ledger, 2);
    const before = readFileSync(ledger.stream.path, "utf8");
    const fault = await faultOf(() => appendEntries(fullAfter(100), ledger.stream, [anEntry(), anEntry()]));
    expect([fault.code, fault.exit_code]).toEqual(["LEDGER_DISK_FULL", 5]);
    expect(readFileSync(ledger.stream.path, "utf8")).toBe(before);
    expect(verifyStream(effects.fs, ledger.stream)).toMatchObject({ valid: true, head: "match" });
  });

  test.each(["EROFS", "EACCES", "EPERM"])("a stream that cannot be written (%s)", async (code) => {
    const ledger = aLedger();
    await filled(ledger, 1);
    const read_only = { ...effects, fs: { ...effects.fs, openWrite: () => refuseWith(code) } };
    expect((await faultOf(() => appendEntries(read_only, ledger.stream, [anEntry()]))).code).toBe(
      "LEDGER_READ_ONLY",
    );
  });

  test.each([
    "../x.jsonl",
    "/x.jsonl",
    "ledger/../../x.jsonl",
    "ledger//x.jsonl",
    "ledger/./x.jsonl",
    "x",
    "",
    "a\0.jsonl",
    "..jsonl/../x.jsonl",
  ])("no stream is called %j", async (name) => {
    expect((await faultOf(() => streamRef({ root: "/p", name }))).code).toBe("LEDGER_STREAM_INVALID");
  });

  test("only plane streams have heads", () => {
    const heads_directory = "/h";
    const head = (name: string) => streamRef({ root: "/p", name, heads_directory }).head_path;
    expect(head("planes/ho2/ledger/workorder.jsonl")).toBe("/h/planes__ho2__ledger__workorder.jsonl.json");
    expect(head("planes/ho1/sessions/SES-1/ledger/exec.jsonl")).toBeUndefined();
    expect(head("other/x.jsonl")).toBeUndefined();
  });
});

describe("appendOnce", () => {
  const pair = [anEntry({ reason: "a" }), anEntry({ reason: "b" })];

  test("writes a repeated group once", async () => {
    const { stream } = aLedger();
    const first = await appendOnce(effects, stream, pair, "TX-1/activate");
    await filled({ root: "", heads: "", stream }, 50);
    const again = await appendOnce(effects, stream, pair, "TX-1/activate", { since_ms: Date.now() - 1000 });
    expect([first.appended_count, again.appended_count]).toEqual([2, 0]);
    expect(again.entries).toEqual(first.entries);
    expect((await appendOnce(effects, stream, pair, "TX-1/commit")).appended_count).toBe(2);
    expect(verifyStream(effects.fs, stream)).toMatchObject({ valid: true, entries_count: 54, head: "match" });
  });

  test("completes a group of which a crash left half", async () => {
    const { stream } = aLedger();
    const { head_path: _none, ...without } = stream;
    await appendOnce(effects, without, pair.slice(0, 1), "TX-1");
    const again = await appendOnce(effects, stream, pair, "TX-1");
    expect(again.appended_count).toBe(1);
    expect(again.entries.map((entry) => entry.reason)).toEqual(["a", "b"]);
  });

  test("stops looking an hour before the work began", async () => {
    const { stream } = aLedger();
    const long_ago = { ...effects, clock: { ...effects.clock, now_ms: () => 1_000_000 } };
    await appendOnce(long_ago, stream, pair, "TX-1");
    await appendEntries(long_ago, stream, [anEntry()]);
    expect((await appendOnce(effects, stream, pair, "TX-1", { since_ms: 4_700_000 })).appended_count).toBe(2);
    expect((await appendOnce(effects, stream, pair, "TX-1", { since_ms: 4_500_000 })).appended_count).toBe(0);
  });
});

test("an empty group writes nothing", async () => {
  const { stream } = aLedger();
  expect(await appendEntries(effects, stream, [])).toEqual({ entries: [], appended_count: 0 });
  expect(existsSync(stream.path)).toBe(false);
});

test("a genesis entry names the last hash of the stream above", async () => {
  const { stream } = aLedger("planes/ho2/ledger/workorder.jsonl");
  const parent = { stream: "ledger/governance.jsonl", entry_hash: "a".repeat(64) };
  const { entries } = await appendEntries(effects, stream, [genesisEntry({ tier: "ho2", parent })]);
  expect(entries[0]).toMatchObject({
    event_type: "GENESIS",
    previous_hash: "",
    metadata: { tier: "ho2", parent_hash: "a".repeat(64) },
  });
  expect(genesisEntry({ tier: "ho3" }).metadata).toEqual({ tier: "ho3", parent_hash: "" });
});

/** A disk with room for some bytes more. */
function fullAfter(room_bytes: number): Effects {
  const openWrite: Effects["fs"]["openWrite"] = (path, options) => {
    const real: WriteHandle = effects.fs.openWrite(path, options);
    const write = (bytes: Uint8Array): void => {
      real.write(bytes.subarray(0, room_bytes));
      if (bytes.length > room_bytes) refuseWith("ENOSPC");
    };
    return { ...real, write };
  };
  return { ...effects, fs: { ...effects.fs, openWrite } };
}

/** The real disk, with the order of what reaches it. */
function recording(): Effects & { calls: string[] } {
  const calls: string[] = [];
  const fs = { ...effects.fs };
  const last = (path: string): string => path.split("/").at(-1) ?? "";
  fs.openWrite = (path, options) => {
    const name = path.endsWith(".new") ? "head" : last(path);
    const real = effects.fs.openWrite(path, options);
    return {
      ...real,
      write: (bytes) => {
        calls.push(`write ${name}`);
        real.write(bytes);
      },
      datasync: () => {
        calls.push(`sync ${name}`);
        real.datasync();
      },
    };
  };
  fs.rename = (from, to) => {
    calls.push(`rename to ${last(to)}`);
    effects.fs.rename(from, to);
  };
  fs.syncDirectory = (path) => {
    calls.push(path.endsWith("/ledger") ? "sync ledger" : "sync directory");
    effects.fs.syncDirectory(path);
  };
  return { ...effects, fs, calls };
}

function refuseWith(code: string): never {
  throw Object.assign(new Error(code), { code });
}

test("a lock file stays empty", async () => {
  const ledger = aLedger();
  await filled(ledger, 1);
  expect(statSync(`${ledger.stream.path}.lock`).size).toBe(0);
});
