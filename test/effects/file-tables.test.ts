import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FILE_STATE, STAMP_WIDTH } from "../../src/effects/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { sha256Hex } from "../../src/kernel/index.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "file-tables-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const here = (): ReturnType<typeof nodeEffects>["workers"] => nodeEffects({ host: { cpu_count: 2 } }).workers;

function files(name: string, count: number): string[] {
  mkdirSync(join(folder, name));
  return Array.from({ length: count }, (_, index) => {
    const path = join(folder, name, String(index));
    writeFileSync(path, `file ${index}`);
    return path;
  });
}

describe("startTable()", () => {
  test("on threads, in order, big files too; one that cannot be read hides no other", async () => {
    const paths = files("many", 4500);
    const big = Buffer.alloc(3 << 20, "x");
    writeFileSync(paths[9] ?? "", big);
    rmSync(paths[5] ?? "");
    rmSync(paths[6] ?? "");
    symlinkSync(paths[7] ?? "", paths[6] ?? "");
    const { states, digests, stamps, problems } = await here()
      .startTable([...paths, folder, `${folder}/x\0y`], null)
      .finish();
    const { no_file, hashed, unreadable } = FILE_STATE;
    expect([states[5], states[6], states[9], states[4500], states[4501]]).toEqual([
      no_file,
      no_file,
      hashed,
      no_file,
      unreadable,
    ]);
    expect([...problems]).toEqual([[4501, "ERR_INVALID_ARG_VALUE"]]);
    const digestAt = (index: number): string =>
      Buffer.from(digests.subarray(index * 32, index * 32 + 32)).toString("hex");
    expect(digestAt(9)).toBe(sha256Hex(big));
    for (const index of [0, 63, 64, 2250, 4499]) {
      expect(digestAt(index)).toBe(sha256Hex(`file ${index}`));
      expect(stamps[index * STAMP_WIDTH]).toBe(BigInt(`file ${index}`.length));
    }
  });

  test("believes only a file with the very stamp", async () => {
    const paths = files("known", 5);
    const { workers } = nodeEffects({ host: { cpu_count: 1 } });
    const { stamps } = await workers.startTable(paths, null).finish();
    truncateSync(paths[0] ?? "", 0);
    chmodSync(paths[1] ?? "", 0o600);
    utimesSync(paths[2] ?? "", 1, 1);
    rmSync(paths[3] ?? "");
    const { no_file, hashed, trusted } = FILE_STATE;
    const again = await workers.startTable(paths, new BigUint64Array(stamps)).finish();
    expect([...again.states]).toEqual([hashed, hashed, hashed, no_file, trusted]);
  });
});

describe("changedStamps()", () => {
  test.each([10, 45_000])("of %i paths, absent ones included", async (count) => {
    const paths = [
      ...files(`stamps${count}`, 10),
      ...Array.from({ length: count - 10 }, (_, index) => `${folder}/none/${index}`),
    ];
    const { stamps } = await here().startTable(paths.slice(0, 10), null).finish();
    const table = {
      paths: Buffer.from(paths.join("")),
      ends: Uint32Array.from(
        paths.map(
          (
            (sum) => (path) =>
              (sum += path.length)
          )(0),
        ),
      ),
      stamps: new BigUint64Array(count * STAMP_WIDTH),
    };
    table.stamps.set(stamps);
    expect(await here().changedStamps(table, 3)).toEqual([]);
    const last = paths.at(-1) ?? "";
    if (count > 10) {
      mkdirSync(join(folder, "none"));
      writeFileSync(last, "");
    } else writeFileSync(last, "other");
    expect(await here().changedStamps(table, 3)).toEqual([count - 1]);
    expect(await here().changedStamps(table, 0)).toEqual([count - 1]);
    rmSync(join(folder, "none"), { recursive: true, force: true });
  });
});
