/** Our log, judged by a verifier that shares no code with it: Python's standard library and the specifications. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { cosign, proveEntry } from "../../src/ledger/index.ts";
import { linesOf } from "./ledgers.ts";
import { effects, ledgerVkey, settled, type TestLog } from "./logs.ts";

const PROGRAM = new URL("./independent_verify.py", import.meta.url).pathname;

function judge(...words: string[]): { status: number | null; out: string } {
  const { status, stdout, stderr } = spawnSync("python3", ["-B", PROGRAM, ...words], { encoding: "utf8" });
  return { status, out: `${stdout}${stderr}` };
}

let log: TestLog;
let key: string;
let witness_key: string;

beforeAll(async () => {
  log = await settled(600);
  key = ledgerVkey(log);
  const request = { folder: `${log.keys}/witness`, plane_root: log.root, name: "ann" };
  ({ witness_key } = await cosign(effects, log.stream, request));
});

test("it knows Ed25519: the first two examples of RFC 8032 section 7.1", () => {
  const program = `
import sys; sys.path.insert(0, ${JSON.stringify(PROGRAM.replace(/\/[^/]+$/, ""))})
from independent_verify import ed25519_verify as verify
one = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
two = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
s1 = bytes.fromhex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")
s2 = bytes.fromhex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
print(verify(one, b"", s1), verify(two, b"r", s2), verify(one, b"r", s1), verify(two, b"", s1))`;
  const { stdout } = spawnSync("python3", ["-B", "-c", program], { encoding: "utf8" });
  expect(stdout.trim()).toBe("True True False False");
});

describe("a log of 600 entries", () => {
  test("its lines, tiles, root, and both signatures hold", () => {
    expect(judge("log", log.stream.path, key, witness_key)).toEqual({
      status: 0,
      out: `${log.stream.log?.origin}: 600 entries, 4 tiles, signed by plane-0123456789ab-ledger, ann\n`,
    });
  });

  test("proofs of entries hold, and hold the line", () => {
    for (const index of [0, 255, 256, 599]) {
      const path = `${log.root}/entry.tlog-proof`;
      writeFileSync(path, proveEntry(effects.fs, log.stream, `${index}`).file);
      const { status, out } = judge("proof", path, key, witness_key);
      expect(status).toBe(0);
      expect(out.split("\n")[1]).toBe(linesOf(log.stream)[index]);
      writeFileSync(path, readFileSync(path, "utf8").replace(`index ${index}`, `index ${index + 1}`));
      expect(judge("proof", path, key)).toMatchObject({ status: 1, out: expect.stringMatching(/^WRONG/) });
    }
  });

  test.each(["tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2", "checkpoint"])(
    "it sees a changed %s",
    (file) => {
      const path = `${log.directory}/${file}`;
      const bytes = readFileSync(path);
      const touched = Buffer.from(bytes);
      touched[40] = (bytes[40] ?? 0) ^ 1;
      writeFileSync(path, touched);
      const { status, out } = judge("log", log.stream.path, key);
      writeFileSync(path, bytes);
      expect(status).toBe(1);
      expect(out).toMatch(/^WRONG/);
    },
  );

  test("it sees a changed line and a stranger's key", async () => {
    const bytes = readFileSync(log.stream.path);
    writeFileSync(log.stream.path, bytes.toString().replace("entry 300", "entry 3oo"));
    expect(judge("log", log.stream.path, key).out).toContain("do not have the root");
    writeFileSync(log.stream.path, bytes);
    const stranger = ledgerVkey(await settled(1));
    expect(judge("log", log.stream.path, stranger).out).toContain("did not sign");
  });
});
