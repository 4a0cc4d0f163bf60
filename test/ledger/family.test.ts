import { readFileSync, rmSync, truncateSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import {
  appendEntries,
  genesisEntry,
  listStreams,
  type StreamRef,
  startStream,
  streamHead,
  streamRef,
  summariseFamily,
  verifyFamily,
  verifyStream,
} from "../../src/ledger/index.ts";
import { aLedger, anEntry, effects, linesOf, resealed, writeLines } from "./ledgers.ts";
import { settled } from "./logs.ts";

const TOP = "ledger/governance.jsonl";
const MIDDLE = "planes/ho2/ledger/workorder.jsonl";
const LOW = "planes/ho1/ledger/worker.jsonl";
const SESSION = "ledger/sessions/SES-20261121-0a0b0c0d.jsonl";

let root = "";
let heads = "";
const ref = (name: string): StreamRef => streamRef({ root, name, heads_directory: heads });
const all = (): StreamRef[] => listStreams(effects.fs, { root, heads_directory: heads }).map(ref);
const verdict = () => verifyFamily(effects.fs, all(), ref);
const codes = () => verdict().findings.map(({ code, path, line }) => `${code} ${path}:${line}`);

beforeEach(async () => {
  const ledger = aLedger();
  ({ root, heads } = ledger);
  await appendEntries(effects, ref(TOP), [genesisEntry({ tier: "ho3" }), anEntry()]);
  await startStream(effects, ref(MIDDLE), { tier: "ho2", parent: ref(TOP) });
  await startStream(effects, ref(LOW), { tier: "ho1", parent: ref(MIDDLE) });
  await startStream(effects, ref(SESSION), { tier: "ho1", parent: ref(LOW) });
  await appendEntries(effects, ref(SESSION), [anEntry(), anEntry()]);
});

describe("a family", () => {
  test("each stream names where the one above stood, once", async () => {
    expect(await startStream(effects, ref(SESSION), { tier: "ho1", parent: ref(LOW) })).toBeUndefined();
    expect(all().map(({ name }) => name)).toEqual([TOP, SESSION, LOW, MIDDLE].sort());
    expect(JSON.parse(linesOf(ref(SESSION))[0] ?? "")).toMatchObject({
      event_type: "GENESIS",
      metadata: {
        tier: "ho1",
        parent_ledger: LOW,
        parent_entries: 1,
        parent_hash: streamHead(effects.fs, ref(LOW))?.entry_hash,
      },
    });
    expect(verdict()).toMatchObject({ valid: true, links_count: 3, findings: [] });
  });

  test("summaries go up to the top, and only for what has grown", async () => {
    const first = await summariseFamily(effects, all(), "ann");
    expect(first.map(({ parent }) => parent)).toEqual([LOW, MIDDLE, TOP]);
    expect(first[0]?.children).toEqual([{ stream: SESSION, ...streamHead(effects.fs, ref(SESSION)) }]);
    expect(await summariseFamily(effects, all(), "ann")).toEqual([]);
    await appendEntries(effects, ref(MIDDLE), [anEntry()]);
    expect((await summariseFamily(effects, all(), "ann")).map(({ parent }) => parent)).toEqual([TOP]);
    expect(verdict()).toMatchObject({ valid: true, links_count: 7 });
    for (const stream of all()) expect(verifyStream(effects.fs, stream).valid).toBe(true);
  });

  test("more children than fit one entry", async () => {
    const sessions = Array.from({ length: 230 }, (_, index) => ref(`ledger/sessions/s${index}.jsonl`));
    for (const session of sessions.slice(0, 3))
      await startStream(effects, session, { tier: "ho1", parent: ref(LOW) });
    const [line = ""] = linesOf(sessions[0] as StreamRef);
    for (const session of sessions.slice(3)) writeLines(session, [line]);
    const [low] = await summariseFamily(effects, all(), "ann");
    expect(low?.children).toHaveLength(231);
    expect(linesOf(ref(LOW))).toHaveLength(1 + 3);
    expect(verdict().valid).toBe(true);
  });
});

describe("a broken link is named", () => {
  test("the parent's entry was rewritten", () => {
    const [genesis = "", second = ""] = linesOf(ref(TOP));
    writeLines(ref(TOP), [genesis, resealed(second, { reason: "other" })]);
    expect(codes()).toEqual([`LEDGER_PARENT_MISMATCH ${MIDDLE}:1`]);
  });

  test("the parent was cut, or is gone", () => {
    writeLines(ref(TOP), linesOf(ref(TOP)).slice(0, 1));
    expect(codes()).toEqual([`LEDGER_PARENT_CUT ${MIDDLE}:1`]);
    rmSync(ref(TOP).path);
    rmSync(ref(TOP).head_path ?? "");
    expect(codes()).toEqual([`LEDGER_PARENT_MISSING ${MIDDLE}:1`]);
  });

  test("a child was cut, rewritten, or is gone with its head", async () => {
    await summariseFamily(effects, all(), "ann");
    const lines = linesOf(ref(SESSION));
    writeLines(ref(SESSION), lines.slice(0, 2));
    expect(codes()).toEqual([`LEDGER_CHILD_CUT ${LOW}:2`]);
    writeLines(ref(SESSION), [...lines.slice(0, 2), resealed(lines[2] ?? "", { reason: "forged" })]);
    expect(codes()).toEqual([`LEDGER_CHILD_MISMATCH ${LOW}:2`]);
    // An edit that leaves the stated hash is no way out.
    writeLines(ref(SESSION), [...lines.slice(0, 2), (lines[2] ?? "").replace("as asked", "as  told")]);
    expect(codes()).toEqual([`LEDGER_CHILD_MISMATCH ${LOW}:2`]);
    rmSync(ref(SESSION).path);
    rmSync(ref(SESSION).head_path ?? "");
    expect(codes()).toEqual([`LEDGER_CHILD_MISSING ${LOW}:2`]);
  });

  test("what older and hostile writers state is no way around", async () => {
    const { entry_hash } = streamHead(effects.fs, ref(TOP)) ?? { entry_hash: "" };
    const old = ref("planes/ho2/ledger/old.jsonl");
    await appendEntries(effects, old, [genesisEntry({ tier: "ho2", parent: { stream: TOP, entry_hash } })]);
    expect(verdict().valid).toBe(true);
    const odd = ref("planes/ho2/ledger/odd.jsonl");
    await appendEntries(effects, odd, [
      genesisEntry({ tier: "ho2", parent: { stream: "../../etc/passwd", entry_hash } }),
    ]);
    expect(codes()).toEqual([`LEDGER_PARENT_MISSING planes/ho2/ledger/odd.jsonl:1`]);
    // What is to be pasted holds no name that somebody made up for a shell.
    expect(verdict().findings[0]?.next_step).toBe(`Run "pkg ledger verify"; restore it from a backup.`);
    for (const stream of ["ledger/$(id).jsonl", "x; id #.jsonl", "--root=x.jsonl"]) {
      rmSync(odd.path);
      rmSync(odd.head_path ?? "");
      await appendEntries(effects, odd, [genesisEntry({ tier: "ho2", parent: { stream, entry_hash } })]);
      expect(verdict().findings[0]?.next_step).toBe(`Run "pkg ledger verify"; restore it from a backup.`);
    }
    rmSync(odd.path);
    rmSync(odd.head_path ?? "");
    const lost = genesisEntry({ tier: "ho2", parent: { stream: TOP, entry_hash: "0".repeat(64) } });
    await appendEntries(effects, odd, [lost]);
    expect(codes()).toEqual([`LEDGER_PARENT_MISMATCH planes/ho2/ledger/odd.jsonl:1`]);
    const children = [null, { stream: 5 }, { stream: LOW, entries: 0, entry_hash: "" }];
    await appendEntries(effects, ref(LOW), [
      anEntry({ event_type: "ledger_summary", metadata: { children } }),
    ]);
    expect(codes()).toHaveLength(1);
  });
});

describe("which streams there are", () => {
  test("a deleted one is still listed by its head, and is then missing", () => {
    rmSync(ref(SESSION).path);
    expect(all().map(({ name }) => name)).toContain(SESSION);
    expect(verifyStream(effects.fs, ref(SESSION))).toMatchObject({
      valid: false,
      first_bad: { code: "LEDGER_MISSING" },
    });
  });

  test("a deleted one without a head is still listed by its checkpoint", async () => {
    const log = await settled(3, "ledger/audit.jsonl");
    const listed = () => listStreams(effects.fs, { root: log.root, heads_directory: log.heads });
    rmSync(log.stream.path);
    rmSync(log.stream.head_path ?? "");
    expect(listed()).toEqual(["ledger/audit.jsonl"]);
    expect(verifyStream(effects.fs, log.stream).first_bad?.code).toBe("LEDGER_MISSING");
    rmSync(`${log.directory}/checkpoint`);
    expect(listed()).toEqual([]);
  });

  test("a session's cut tail shows by its own head, and what is left of it is no writer's rest", () => {
    truncateSync(ref(SESSION).path, readFileSync(ref(SESSION).path).length - 10);
    const { first_bad, findings } = verifyStream(effects.fs, ref(SESSION));
    expect(first_bad?.code).toBe("LEDGER_TAIL_CUT");
    const torn = findings.find(({ code }) => code === "LEDGER_TORN_TAIL");
    expect(torn?.message).toContain("the head covers");
    expect(torn?.next_step).toContain("restore it from a backup");
  });

  test("extra ones, older sessions, and nothing that is none", () => {
    const extra = ["ledger/site.jsonl", "planes/ho1/sessions/SES-1/ledger/exec.jsonl"];
    for (const name of [...extra, "ledger/index.jsonl", "ledger/legacy/x.jsonl"])
      writeLines(ref(name), ["{}"]);
    const found = all().map(({ name }) => name);
    expect(found).toEqual(expect.arrayContaining(extra));
    expect(found).toHaveLength(4 + extra.length);
  });
});
