/** Points on a disk of our own: what misbehaves, when, and what is left. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { withFailpoints } from "../../src/effects/failpoints/index.ts";
import { artefactOf } from "../../src/effects/failpoints/point-name.ts";
import type { Effects, FileSystem } from "../../src/effects/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { picture, temporaryFolder } from "../support/tree.ts";

class Killed extends Error {}

interface Misbehaving {
  readonly effects: Effects;
  readonly fs: FileSystem;
  readonly told: string[];
  readonly pauses_ms: number[];
  readonly unreached: () => string[];
}

function misbehaving(spec: string): Misbehaving {
  const told: string[] = [];
  const pauses_ms: number[] = [];
  const { effects, unreached } = withFailpoints(nodeEffects(), spec, {
    kill: () => {
      throw new Killed();
    },
    pause: (duration_ms) => void pauses_ms.push(duration_ms),
    tell: (line) => void told.push(line),
  });
  return { effects, fs: effects.fs, told, pauses_ms, unreached };
}

let folder: string;
let transaction: string;
const bytes = (text: string): Buffer => Buffer.from(text);
const at = (name: string): string => join(folder, name);
const journal = (): string => join(transaction, "journal.jsonl");

beforeEach(() => {
  folder = temporaryFolder();
  transaction = at(".holdfast/state/transactions/TX-1");
  mkdirSync(join(transaction, "staged"), { recursive: true });
});

function append(fs: FileSystem, path: string, text: string, synced = true): void {
  const handle = fs.openWrite(path, { mode: 0o600, how: "append" });
  try {
    handle.write(bytes(text));
    if (synced) handle.datasync();
  } finally {
    handle.close();
  }
}
const record = (fs: FileSystem, fields: object): void => append(fs, journal(), `${JSON.stringify(fields)}\n`);

describe("phases", () => {
  test("follow what the journal says", () => {
    const { fs, told } = misbehaving("*.file.list#every=delay:1");
    const listed = (): string | undefined => {
      fs.list(folder);
      return told.at(-1)?.split(" ")[1]?.split(".")[0];
    };
    const states: [object, string][] = [
      [{ state: "begun", transaction_id: "TX-1" }, "start"],
      [{ state: "phase", phase: "download", at_ms: 1 }, "download"],
      [{ state: "phase", phase: "dependency-prepare", at_ms: 1 }, "dependency-prepare"],
      [{ state: "planned", changes: 1, notes: { text: '"state":"undone"' } }, "dependency-prepare"],
      [{ state: "phase", phase: "unheard-of", at_ms: 1 }, "dependency-prepare"],
      [{ state: "committed", generation: 2, follow_ups: [] }, "settle"],
      [{ state: "undone", reason: "x", follow_ups: [] }, "undo"],
      [{ state: "begun", transaction_id: "TX-2" }, "start"],
    ];
    expect(listed()).toBe("start");
    for (const [state, phase] of states) {
      record(fs, state);
      expect(listed()).toBe(phase);
    }
  });

  test("do not follow the journals that recovery writes to", () => {
    const { fs, told } = misbehaving("*.file.list#every=delay:1");
    const other = at(".holdfast/state/transactions/TX-0");
    mkdirSync(other);
    const undone = '{"state":"undone","reason":"interrupted"}\n';
    append(fs, join(other, "journal.jsonl"), undone);
    fs.list(folder);
    record(fs, { state: "begun", transaction_id: "TX-1" });
    record(fs, { state: "phase", phase: "verify", at_ms: 1 });
    append(fs, join(other, "journal.jsonl"), undone);
    fs.list(folder);
    expect(told.map((line) => line.split(".")[0])).toEqual(["failpoint undo", "failpoint verify"]);
  });

  test("do not follow a file that only looks like a journal's line", () => {
    const { fs, told } = misbehaving("*.file.list=delay:1");
    append(fs, at("notes.txt"), '{"state":"phase","phase":"activate"}\n');
    fs.list(folder);
    expect(told).toEqual(["failpoint start.file.list#1: delay:1"]);
  });
});

describe("artefacts", () => {
  const state = "/p/.holdfast/state";
  test.each([
    [`${state}/plane.lock`, "lock"],
    ["/p/ledger/packages.jsonl.lock", "lock"],
    [`${state}/preparing/TX-1/owner.lock`, "lock"],
    [`${state}/preparing/TX-1/journal.jsonl`, "journal"],
    [`${state}/transactions/TX-1/changes.jsonl`, "changes"],
    [`${state}/transactions/TX-1/staged/0`, "staged"],
    [`${state}/transactions/TX-1/aside`, "aside"],
    [`${state}/transactions/TX-1/registries/x.csv`, "extracted"],
    [`${state}/transactions/TX-1`, "transaction"],
    [`${state}/generations/00000001/journal.jsonl`, "kept"],
    [`${state}/generation.json`, "generation"],
    [`${state}/reserve`, "reserve"],
    [`${state}/approvals.json`, "state"],
    ["/p/.holdfast/cache/downloads/partial/ab", "download"],
    ["/h/planes/0123456789abcdef0123456789abcdef/heads/ledger__packages.jsonl.json", "head"],
    ["/h/planes/0123456789abcdef0123456789abcdef/secrets.env", "key"],
    ["/p/ledger/packages.jsonl", "ledger"],
    ["/p/planes/ho2/ledger", "ledger"],
    ["/p/registries/file_ownership.csv", "registry"],
    ["/p/installed/PKG-T1-A-001/receipt.json", "receipt"],
    ["/p/packages_store/PKG-T1-A-001-1.0.0.tar.gz", "archive"],
    ["/elsewhere/mine.tar.gz", "archive"],
    // A plane in a folder with such a name, and packages with folders of such names.
    ["/srv/installed/plane/modules/a/core.py", "file"],
    ["/srv/ledger/plane/modules/a/core.py", "file"],
    ["/p/modules/ledger/core.py", "file"],
    ["/p/modules/a/registries/notes.md", "file"],
    ["", "file"],
  ])("%s", (path, artefact) => expect(artefactOf(path)).toBe(artefact));
});

describe("counting", () => {
  test("the n-th occurrence of a pattern, told by a name that means the same again", () => {
    const { fs, told } = misbehaving("*.*.write#3=error:EIO");
    append(fs, at("a"), "1");
    record(fs, { state: "phase", phase: "activate", at_ms: 0 });
    expect(() => append(fs, at("b"), "2")).toThrow("EIO: injected at activate.file.write#1");
    append(fs, at("c"), "3");
    expect(told).toEqual(["failpoint activate.file.write#1: error:EIO"]);
  });

  test("every occurrence, the first by default, and none is reported", () => {
    const every = misbehaving(
      "*.file.remove#every=error:EACCES;*.file.list=error:EMFILE;*.file.rename#2=kill",
    );
    writeFileSync(at("a"), "");
    for (let n = 0; n < 3; n++) expect(() => every.fs.remove(at("a"))).toThrow("EACCES");
    expect(() => every.fs.list(folder)).toThrow("EMFILE");
    expect(every.fs.list(folder)).toHaveLength(2);
    every.fs.rename(at("a"), at("b"));
    expect(every.told).toHaveLength(4);
    expect(every.unreached()).toEqual(["*.file.rename#2"]);
  });

  test("an action that makes no sense somewhere waits for a place where it does", () => {
    const { fs, told } = misbehaving("*.*.*=torn");
    fs.makeDirectory(at("d"));
    expect(() => append(fs, at("d/a"), "123456")).toThrow(Killed);
    expect(told).toEqual(["failpoint start.file.write#1: torn"]);
  });
});

describe("actions", () => {
  test("an error looks like the operating system's, happens before the call, and later calls work", () => {
    const { fs } = misbehaving("*.file.rename=error:ENOSPC");
    writeFileSync(at("a"), "");
    let error: unknown;
    try {
      fs.rename(at("a"), at("b"));
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ code: "ENOSPC", path: at("b") });
    expect(fs.stat(at("a"))).toBeDefined();
    fs.rename(at("a"), at("b"));
    expect(fs.stat(at("b"))).toBeDefined();
  });

  test("kill comes before the call, delay before what follows it", () => {
    const { fs, pauses_ms } = misbehaving("*.file.remove=delay:250,kill");
    writeFileSync(at("a"), "");
    expect(() => fs.remove(at("a"))).toThrow(Killed);
    expect(pauses_ms).toEqual([250]);
    expect(fs.stat(at("a"))).toBeDefined();
  });

  test("torn leaves half of the bytes", () => {
    const { fs } = misbehaving("*.journal.write#2=torn");
    append(fs, journal(), "1234\n");
    expect(() => append(fs, journal(), "abcdef\n")).toThrow(Killed);
    expect(readFileSync(journal(), "utf8")).toBe("1234\nabc");
  });

  test("lost takes what was not synced, in files that were moved since, and nothing else", async () => {
    const { fs } = misbehaving("*.state.sync-directory=lost");
    writeFileSync(at("old"), "old\n");
    writeFileSync(at("replaced"), "before\n");
    writeFileSync(at("shortened"), "12345678");
    append(fs, at("old"), "more\n");
    append(fs, at("old"), "unsynced\n", false);
    append(fs, at("new"), "unsynced\n", false);
    append(fs, at("synced-later"), "safe\n", false);
    await fs.syncFiles([at("synced-later")]);
    append(fs, at("removed"), "unsynced\n", false);
    fs.remove(at("removed"));
    writeFileSync(at("removed"), "not ours\n");
    const replace = fs.openWrite(at("replaced"), { mode: 0o644, how: "replace" });
    replace.write(bytes("after\n"));
    replace.close();
    const shorten = fs.openWrite(at("shortened"), { mode: 0o644, how: "update" });
    shorten.truncate(3);
    shorten.close();
    append(fs, join(transaction, "staged/0"), "unsynced\n", false);
    append(fs, join(transaction, "staged/1"), "synced\n");
    fs.rename(transaction, at("moved"));
    append(fs, at("to-be-replaced"), "unsynced\n", false);
    writeFileSync(at("other"), "whole\n");
    fs.rename(at("other"), at("to-be-replaced"));

    expect(() => fs.syncDirectory(at(".holdfast/state"))).toThrow(Killed);
    const left = Object.entries(picture(folder)).filter(([path]) => !path.endsWith("/"));
    const text = Object.fromEntries(
      left.map(([path, seen]) => [path, Buffer.from(seen.split(" ")[1] ?? "", "base64").toString()]),
    );
    expect(text).toEqual({
      old: "old\nmore\n",
      replaced: "",
      shortened: "123",
      "synced-later": "safe\n",
      removed: "not ours\n",
      "moved/staged/1": "synced\n",
      "to-be-replaced": "whole\n",
    });
  });
});

describe("the other ports", () => {
  test("programs, locks, digests and requests misbehave too", async () => {
    const names = ["process.spawn", "lock.take", "file.read", "network.fetch"];
    const { effects, told } = misbehaving(names.map((name) => `*.${name}=error:EMFILE`).join(";"));
    const { subprocess, locks, workers, network, signal } = effects;
    const limits = { timeout_ms: 1000, stdout_bytes_max: 10 };
    const emfile = { code: "EMFILE" };
    const run = { argv: ["true"], cwd: folder, env: { PATH: process.env["PATH"] ?? "" }, limits };
    await expect(subprocess.run(run)).rejects.toMatchObject(emfile);
    await expect(locks.acquire(at("x.lock"), { wait_ms: 0 })).rejects.toMatchObject(emfile);
    await expect(workers.digestFiles([at("a")])).rejects.toMatchObject(emfile);
    const request = { url: "http://127.0.0.1:1/", headers: {}, idle_timeout_ms: 100, signal };
    await expect(network.get(request)).rejects.toMatchObject(emfile);
    expect(told).toHaveLength(4);
    expect(await subprocess.run(run)).toMatchObject({ exit_code: 0 });
    (await locks.acquire(at("x.lock"), { wait_ms: 0 }))?.release();
    expect(await workers.digestFiles([at("a")])).toEqual([undefined]);
    await expect(network.get(request)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("an answer that breaks off in its middle, and reading one that is only partly there", async () => {
    writeFileSync(at("a"), "123456");
    let closed = 0;
    const body = async function* () {
      yield bytes("one");
      yield bytes("two");
    };
    const reply = { status: 200, headers: {}, body: body(), close: () => void closed++ };
    const base: Effects = { ...nodeEffects(), network: { ...nodeEffects().network, get: async () => reply } };
    const spec = "*.network.read#2=error:EIO;*.file.read#2=error:EIO";
    const { effects } = withFailpoints(base, spec, {
      kill: () => {
        throw new Killed();
      },
      pause: () => undefined,
      tell: () => undefined,
    });
    const { signal } = effects;
    const got = await effects.network.get({ url: "http://x/", headers: {}, idle_timeout_ms: 1, signal });
    const seen: string[] = [];
    await expect(
      (async () => {
        for await (const chunk of got.body) seen.push(Buffer.from(chunk).toString());
      })(),
    ).rejects.toMatchObject({ code: "EIO" });
    got.close();
    expect({ seen, closed }).toEqual({ seen: ["one"], closed: 1 });
    const handle = effects.fs.openRead(at("a"));
    expect(() => handle.read(Buffer.alloc(3))).toThrow("EIO");
    handle.close();
  });
});
