/** The ledger beside SQLite, and how fast a large one is verified. */
import { hash } from "node:crypto";
import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { nodeEffects } from "../src/effects/node/index.ts";
import { DIGEST_BYTES, TEXTS_AT, TextMemory } from "../src/kernel/index.ts";
import { appendEntries, streamRef, verifyStreams } from "../src/ledger/index.ts";
import { checkedBody, sealLine } from "../src/ledger/new-line.ts";

const ENTRY = {
  event_type: "bench",
  submission_id: "PKG-X",
  decision: "D",
  reason: "r",
  metadata: { number: 1 },
};
const WAITING = 64;
/** Writers take turns in slices this long, so that a busy moment of the machine falls on all of them. */
const SLICE = 100;

const perSecond = (count, wall_s) => `${Math.round(count / wall_s).toLocaleString("en")}/s`;

async function timed(into, work) {
  const start = performance.now();
  await work();
  into.wall_s += (performance.now() - start) / 1000;
}

/** `[what, ours, peers]` for `show`. */
export async function benchAppends(scratch, count) {
  const effects = nodeEffects();
  const root = join(scratch, "ledger-bench");
  mkdirSync(join(root, "heads"), { recursive: true });
  const stream = (name) =>
    streamRef({ root, name: `ledger/${name}.jsonl`, heads_directory: join(root, "heads") });
  const [alone, together] = [stream("alone"), stream("together")];
  const database = new DatabaseSync(join(root, "peer.sqlite"));
  database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (line TEXT)");
  const insert = database.prepare("INSERT INTO t VALUES (?)");
  const line = "x".repeat(390);
  const one = { wall_s: 0 };
  const many = { wall_s: 0 };
  const sqlite = { wall_s: 0 };
  const chained = { wall_s: 0 };
  const chain = chainIn(join(root, "chain.sqlite"), effects);
  const bare = { wall_s: 0 };
  const lines = openSync(join(root, "bare.jsonl"), "a");
  let waited = 0;
  for (let done = 0; done < count; done += SLICE) {
    await timed(sqlite, () => {
      for (let index = 0; index < SLICE; index++) insert.run(line);
    });
    await timed(chained, () => {
      for (let index = 0; index < SLICE; index++) chain.append(ENTRY);
    });
    await timed(bare, () => {
      for (let index = 0; index < SLICE; index++) {
        writeSync(lines, line);
        fdatasyncSync(lines);
      }
    });
    await timed(one, async () => {
      for (let index = 0; index < SLICE; index++) await appendEntries(effects, alone, [ENTRY]);
    });
    await timed(many, async () => {
      for (let turn = 0; turn < SLICE / 10; turn++) {
        const appends = Array.from({ length: WAITING }, () => appendEntries(effects, together, [ENTRY]));
        waited += (await Promise.all(appends)).length;
      }
    });
  }
  database.close();
  chain.close();
  closeSync(lines);
  const rate = count / one.wall_s;
  const times = (waited / many.wall_s / rate).toFixed(1);
  return [
    [
      `ledger: ${count} durable appends by one writer, each chained and in the head`,
      { ...one, note: perSecond(count, one.wall_s) },
      {
        "SQLite WAL synchronous=FULL": { ...sqlite, note: perSecond(count, sqlite.wall_s) },
        "SQLite, entry sealed and chained": { ...chained, note: perSecond(count, chained.wall_s) },
        // A line that makes its file longer costs the disk more than SQLite's, which lies over an older one.
        "a line and its fdatasync, no more": { ...bare, note: perSecond(count, bare.wall_s) },
      },
    ],
    [
      `ledger: ${waited} durable appends, ${WAITING} waiting at a time`,
      { ...many, note: `${perSecond(waited, many.wall_s)}, ${times}x the rate of one` },
      {},
    ],
  ];
}

/** What a ledger does, done by SQLite: the same entry, sealed over the one before it, and the head, in one transaction. */
function chainIn(path, effects) {
  const database = new DatabaseSync(path);
  database.exec(
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE entries (line TEXT); CREATE TABLE head (entries INTEGER, entry_hash TEXT); INSERT INTO head VALUES (0, '')",
  );
  const [begin, head, add, move, commit] = [
    "BEGIN IMMEDIATE",
    "SELECT entry_hash FROM head",
    "INSERT INTO entries VALUES (?)",
    "UPDATE head SET entries = entries + 1, entry_hash = ?",
    "COMMIT",
  ].map((words) => database.prepare(words));
  const append = (entry) => {
    const body = checkedBody(entry, "peer");
    begin.run();
    const sealed = sealLine(effects, body, head.get().entry_hash, "peer");
    add.run(sealed.line);
    move.run(sealed.entry.entry_hash);
    commit.run();
  };
  return { append, close: () => database.close() };
}

const TAIL = `"prompts_used": [], "reason": "as asked", "submission_id": "PKG-T1-RUNTIME-001", "timestamp": "2026-02-03T06:11:46.817000+00:00"}`;

/** A sound chain, written as fast as hashing allows. */
function writeLedger(path, count) {
  const fd = openSync(path, "w");
  let previous = "";
  let waiting = "";
  for (let index = 0; index < count; index++) {
    // Unique, and spread as random ones are.
    const id = previous.slice(0, 32).padStart(32, "0");
    const rest = `"event_type": "INSTALLED", "id": "LED-${id}", "metadata": {"assets_count": ${index % 50}, "plane_id": "ho3", "version": "1.0.0"}, "previous_hash": "${previous}", ${TAIL}`;
    previous = hash("sha256", `{"decision": "INSTALLED", ${rest}`);
    waiting += `{"decision": "INSTALLED", "entry_hash": "${previous}", ${rest}\n`;
    if (waiting.length > 1 << 20) {
      writeSync(fd, waiting);
      waiting = "";
    }
  }
  writeSync(fd, waiting);
  closeSync(fd);
}

/** Wall and processor time: on a busy machine only the second says what the work costs. */
async function measured(work) {
  const wall = { wall_s: 0 };
  const before = process.cpuUsage();
  await timed(wall, work);
  const { user, system } = process.cpuUsage(before);
  return { wall_s: wall.wall_s, cpu_s: (user + system) / 1e6 };
}

export async function benchVerify(scratch, count) {
  const root = join(scratch, "ledger-large");
  mkdirSync(join(root, "ledger"), { recursive: true });
  const stream = streamRef({ root, name: "ledger/packages.jsonl" });
  writeLedger(stream.path, count);
  const { fs } = nodeEffects();
  const cores = availableParallelism();
  const worker_url = new URL("../src/ledger/scan-worker.ts", import.meta.url);
  const verify = (threads_count) =>
    measured(async () => {
      const [verdict] = await verifyStreams(fs, [stream], { worker_url, threads_count });
      if (!verdict?.valid || verdict.entries_count !== count) throw new Error("a sound ledger is bad");
    });
  const rss_before = process.memoryUsage.rss();
  const shared = await verify(cores);
  const grown_mib = (process.memoryUsage.rss() - rss_before) / 2 ** 20;
  const alone = await verify(1);
  const leaves = await measured(() => hashLeaves(fs, stream.path));
  const mib = statSync(stream.path).size / 2 ** 20;
  rmSync(root, { recursive: true });
  const note = ({ wall_s, cpu_s }) =>
    `${perSecond(count, wall_s)}; ${perSecond(count, cpu_s)} of one core's own time`;
  return [
    [
      `ledger: verify ${count} entries (${mib.toFixed(0)} MiB), every hash recomputed, ${cores} cores`,
      { ...shared, note: `${note(shared)}; memory +${grown_mib.toFixed(0)} MiB` },
      { "the same on one core": { ...alone, note: note(alone) } },
    ],
    [`ledger: ${count} leaf hashes alone, one core`, { ...leaves, note: note(leaves) }, {}],
  ];
}

const BLOCK_BYTES = 1 << 20;
const LINES_MAX = 1 << 13;

/** SHA-256 over 0x00 and each line: what a tree of the lines is made from. */
function hashLeaves(fs, path) {
  const texts = new TextMemory(1 + BLOCK_BYTES);
  const { memory } = texts;
  const starts = new Int32Array(LINES_MAX);
  const ends = new Int32Array(LINES_MAX);
  const digests = new Uint8Array(LINES_MAX * DIGEST_BYTES);
  const first = TEXTS_AT + 1;
  const handle = fs.openRead(path);
  let kept = 0;
  for (let position = 0; ; ) {
    const got = handle.read(memory.subarray(first + kept, first + BLOCK_BYTES), position);
    if (got === 0) break;
    position += got;
    const filled = first + kept + got;
    let start = first;
    let count = 0;
    for (let end = memory.indexOf(10, start); end >= 0 && end < filled; end = memory.indexOf(10, start)) {
      memory[start - 1] = 0;
      starts[count] = start - 1;
      ends[count] = end;
      count++;
      start = end + 1;
    }
    texts.digest(starts, ends, count, digests);
    kept = filled - start;
    memory.copyWithin(first, start, filled);
  }
  handle.close();
}
