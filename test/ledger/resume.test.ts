/** A verification that recalls the one before says what one says that recalls nothing. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type FileSystem, seenStamp } from "../../src/effects/index.ts";
import { appendEntries, type LoggedVerdict, settleTree, verifyStreams } from "../../src/ledger/index.ts";
import type { StreamMemo, VerifyMemory } from "../../src/ledger/stream-memo.ts";
import { anEntry, effects, settled, type TestLog } from "./logs.ts";

const ALONE = { worker_url: new URL("none:"), threads_count: 1, shared_bytes_min: 0 };
const KEY = Buffer.alloc(32, 7);
let nonces = 0;

interface Remembered {
  readonly verdict: LoggedVerdict | undefined;
  readonly is_resumed: boolean;
  readonly memos: readonly StreamMemo[];
  readonly stamps: ReadonlyMap<string, string>;
  /** Bytes of the stream that were read. */
  readonly read_bytes: number;
}

/** `before`: what the verification before left. */
async function verified({ stream }: TestLog, before?: Remembered): Promise<Remembered> {
  const stamps = new Map<string, string>();
  const stat: FileSystem["stat"] = (path) => {
    const found = effects.fs.stat(path);
    stamps.set(path, seenStamp(found).join(" "));
    return found;
  };
  let read_bytes = 0;
  const openRead: FileSystem["openRead"] = (path) => {
    const handle = effects.fs.openRead(path);
    const read: typeof handle.read = (buffer, position) => {
      const count = handle.read(buffer, position);
      if (path === stream.path) read_bytes += count;
      return count;
    };
    return { ...handle, stat: () => handle.stat(), close: () => handle.close(), read };
  };
  const memory: VerifyMemory = {
    key: KEY,
    nonce: (nonces++).toString(16).padStart(16, "0"),
    codes_count: 0,
    before: structuredClone(before?.memos ?? []),
    isSame: (path) => before?.stamps.get(path) === seenStamp(stat(path)).join(" "),
    after: [],
    resumed: [],
  };
  const fs = { ...effects.fs, stat, openRead };
  const [verdict] = await verifyStreams(fs, [stream], { ...ALONE, memory });
  return { verdict, is_resumed: memory.resumed.length > 0, memos: memory.after, stamps, read_bytes };
}

/** What a verification says that recalls nothing. */
const plain = async ({ stream }: TestLog): Promise<LoggedVerdict | undefined> =>
  (await verifyStreams(effects.fs, [stream], ALONE))[0];

async function append(log: TestLog, count: number): Promise<void> {
  const entries = Array.from({ length: count }, (_, index) => anEntry({ reason: `later ${index}` }));
  await appendEntries(effects, log.stream, entries);
  await settleTree(effects, log.stream);
}

describe("entries were appended", () => {
  test.each([
    [1, [1, 1, 254]],
    [255, [1, 1]],
    [256, [0, 1, 600]],
    [700, [0, 3, 68, 256, 1]],
  ])("to %i of them", async (count, steps) => {
    const log = await settled(count);
    let before = await verified(log);
    expect(before).toMatchObject({ is_resumed: false, verdict: { valid: true, entries_count: count } });
    for (const step of steps) {
      if (step > 0) await append(log, step);
      const after = await verified(log, before);
      expect(after.verdict).toEqual(await plain(log));
      expect([step, after.is_resumed, after.verdict?.valid]).toEqual([step, true, true]);
      before = after;
    }
  });

  test("what was verified is read once, and only to see that it is the same", async () => {
    const log = await settled(600);
    const before = await verified(log);
    await append(log, 2);
    const size_bytes = readFileSync(log.stream.path).length;
    expect((await verified(log, before)).read_bytes).toBeLessThan(size_bytes + 4096);
  });
});

describe("tampered with before and after more was appended", () => {
  const flip = (path: string, at: (length: number) => number): void => {
    const bytes = readFileSync(path);
    const index = at(bytes.length);
    bytes[index] = (bytes[index] ?? 0) ^ 1;
    writeFileSync(path, bytes);
  };
  const tiles = (log: TestLog): string[] =>
    readdirSync(join(log.directory, "tile"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
  const DEEDS: [string, (log: TestLog) => void][] = [
    ["the first byte", (log) => flip(log.stream.path, () => 0)],
    ["a byte in the middle", (log) => flip(log.stream.path, (length) => length >> 1)],
    ["the last hash", (log) => flip(log.stream.path, (length) => length - 400)],
    [
      "a line taken out",
      (log) => {
        const lines = readFileSync(log.stream.path, "utf8").split("\n");
        lines.splice(300, 1);
        writeFileSync(log.stream.path, lines.join("\n"));
      },
    ],
    [
      "the tail cut",
      (log) => {
        const bytes = readFileSync(log.stream.path);
        writeFileSync(log.stream.path, bytes.subarray(0, bytes.lastIndexOf("\n", bytes.length - 2) + 1));
      },
    ],
    ["a torn tail", (log) => writeFileSync(log.stream.path, "half a line", { flag: "a" })],
    ["the checkpoint", (log) => flip(join(log.directory, "checkpoint"), (length) => length >> 1)],
    ["no checkpoint", (log) => rmSync(join(log.directory, "checkpoint"))],
    ["the head", (log) => flip(log.stream.head_path ?? "", () => 12)],
    ...[0, 1, 2, 3].map((which): [string, (log: TestLog) => void] => [
      `tile ${which}`,
      (log) => flip(tiles(log)[which] ?? "", () => 40),
    ]),
    ["a tile gone", (log) => rmSync(tiles(log)[0] ?? "")],
    ["a tile more", (log) => writeFileSync(join(log.directory, "tile/0/900"), "x")],
  ];
  test.each(DEEDS)("%s", async (_, act) => {
    const log = await settled(600);
    const before = await verified(log);
    act(log);
    const after = await verified(log, before);
    expect(after.verdict).toEqual(await plain(log));
    if (after.verdict?.valid !== true) expect(after.memos).toEqual([]);
    await append(log, 2).catch(() => undefined);
    expect((await verified(log, before)).verdict).toEqual(await plain(log));
  });

  test("and then with nothing to recall it by, or by less than there was", async () => {
    const log = await settled(300);
    const before = await verified(log);
    const other = { ...before, stamps: new Map<string, string>() };
    expect(await verified(log, other)).toMatchObject({ is_resumed: false, verdict: { valid: true } });
    const forged = structuredClone(before.memos.map((memo) => ({ ...memo, blocks: [] })));
    expect(await verified(log, { ...before, memos: forged })).toMatchObject({ is_resumed: false });
  });
});
