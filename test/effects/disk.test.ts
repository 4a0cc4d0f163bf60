import { mkdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FileSystem } from "../../src/effects/index.ts";
import { nodeFileSystem } from "../../src/effects/node/file-system.ts";
import { SimDisk, SimulatedCrash } from "../../src/effects/sim/index.ts";
import { temporaryFolder } from "../support/tree.ts";
import { put, text } from "./files.ts";

type Call = readonly [verb: string, from: string, to: string, number: number];

const NAMES = ["a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "a/x"];

/** What a call gives: its value, or the code of its error. */
function result(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

function doCall(fs: FileSystem, root: string, [verb, from, to, number]: Call): unknown {
  const path = `${root}/${from}`;
  const write = (how: "exclusive" | "append" | "replace" | "update"): void => {
    const handle = fs.openWrite(path, { mode: number % 2 === 0 ? 0o644 : 0o777, how });
    handle.write(Buffer.from(`${to}${number}`));
    if (number % 3 === 0) handle.truncate(number);
    handle.sync();
    handle.close();
  };
  const calls: Record<string, () => unknown> = {
    exclusive: () => write("exclusive"),
    append: () => write("append"),
    replace: () => write("replace"),
    update: () => write("update"),
    rename: () => fs.rename(path, `${root}/${to}`),
    remove: () => fs.remove(path),
    mkdir: () => fs.makeDirectory(path, number % 2 === 0 ? undefined : 0o700),
    rmdir: () => fs.removeDirectory(path),
    chmod: () => fs.setMode(path, 0o600 + number),
    sync: () => fs.syncDirectory(path),
    list: () => fs.list(path),
    read: () => fs.readText(path),
    part: () => {
      const handle = fs.openRead(path);
      const buffer = Buffer.alloc(3);
      const counts = [handle.read(buffer), handle.read(buffer), handle.read(buffer, 1)];
      handle.close();
      return [counts, buffer.toString()];
    },
    stat: () => {
      const stat = fs.stat(path);
      return stat === undefined ? "nothing" : [stat.kind, stat.mode, stat.kind === "file" && stat.size_bytes];
    },
  };
  return result(calls[verb] ?? (() => "no such call"));
}

const WRITES = ["exclusive", "append", "replace", "update", "rename", "remove", "mkdir", "rmdir"];
const OTHERS = ["chmod", "sync", "list", "read", "part", "stat"];

describe("SimDisk as a file system", () => {
  test("answers every sequence of calls as the real one does, error codes and modes included", () => {
    const call = fc.tuple(
      fc.constantFrom(...WRITES, ...OTHERS),
      fc.constantFrom(...NAMES),
      fc.constantFrom(...NAMES),
      fc.integer({ min: 0, max: 9 }),
    );
    const folder = temporaryFolder();
    let run = 0;
    fc.assert(
      fc.property(fc.array(call, { minLength: 5, maxLength: 40 }), (calls) => {
        const real = join(folder, String(run++));
        mkdirSync(real);
        const disk = new SimDisk({ umask: process.umask() });
        disk.fs.makeDirectory("/p");
        for (const one of calls) {
          const expected = doCall(nodeFileSystem, real, one);
          expect(doCall(disk.fs, "/p", one), one.join(" ")).toEqual(expected);
        }
      }),
      { seed: 5, numRuns: 300 },
    );
  });

  test("a fork and its origin do not touch each other", () => {
    const disk = new SimDisk();
    put(disk.fs, "/a", "one");
    const fork = disk.fork();
    expect(fork.fingerprint()).toBe(disk.fingerprint());
    put(fork.fs, "/a", "two");
    put(disk.fs, "/b", "three");
    expect(text(disk)).toEqual({ "/a": "one", "/b": "three" });
    expect(text(fork)).toEqual({ "/a": "two" });
    expect(fork.fingerprint()).not.toBe(disk.fingerprint());
  });

  test("a mutation can crash, fail, be torn or be dropped", () => {
    for (const [answer, expected] of [
      [{ kind: "crash" }, { "/a": "" }],
      [{ kind: "tear" }, { "/a": "he" }],
      [{ kind: "drop" }, { "/a": "" }],
      [{ kind: "error", code: "ENOSPC" }, { "/a": "" }],
    ] as const) {
      const disk = new SimDisk();
      const seen: string[] = [];
      disk.onMutation = ({ name, verb }) => {
        seen.push(name);
        return verb === "write" ? answer : undefined;
      };
      const failure = result(() => put(disk.fs, "/a", "hell"));
      expect(text(disk)).toEqual(expected);
      expect(seen.slice(0, 2)).toEqual(["create /a", "write /a"]);
      if (answer.kind === "error") expect(failure).toBe("ENOSPC");
      // Nothing reads or writes after death.
      if (answer.kind === "crash" || answer.kind === "tear")
        expect(() => disk.fs.stat("/a")).toThrow(SimulatedCrash);
      else expect(disk.fs.stat("/a")?.kind).toBe("file");
    }
  });
});
