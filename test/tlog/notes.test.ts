import { createPrivateKey, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  checkpointText,
  checkSignatures,
  cosignText,
  formatConsistency,
  formatInclusion,
  formatNote,
  formatNoteKey,
  Malformed,
  type NoteSigner,
  noteKeyId,
  parseCheckpoint,
  parseNote,
  parseNoteKey,
  parseProofFile,
  signText,
  withSignature,
} from "../../src/tlog/index.ts";

/** golang.org/x/mod/sumdb/note, note_test.go. */
const PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_PRIVATE = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const PETER_LINE =
  "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const ENOCH_LINE =
  "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

/** The checksum database of Go: its public key, and a head it signed (transparency-dev/formats, log/checkpoint_test.go). */
const SUMDB = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
const SUMDB_HEAD =
  "go.sum database tree\n6476701\nmb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=\n\n" +
  "— sum.golang.org Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=\n";

/** C2SP tlog-cosignature, the example; its keys are not published. */
const COSIGNED = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
`;

const note = (text: string) => parseNote(Buffer.from(text));
const refuses = (work: () => unknown): void => expect(work).toThrow(Malformed);

/** A signer from a Go private key: type byte and seed. */
function signerOf(name: string, key: string): NoteSigner {
  const seed = Buffer.from(key, "base64").subarray(1);
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const private_key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const { public_key } = parseNoteKey(PETER);
  return { name, public_key, sign: (bytes) => sign(null, bytes, private_key) };
}

describe("verifier keys", () => {
  test.each([
    PETER,
    ENOCH,
    SUMDB,
    // transparency-dev/formats, note/note_cosigv1_test.go
    "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6",
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    // transparency-dev/tessera, witness_policy_test.go
    "sigsum.org+e4ade967+AZuUY6B08pW3QVHu8uvsrxWPcAv9nykap2Nb4oxCee+r",
  ])("%s is read and written the same", (text) => {
    const key = parseNoteKey(text);
    expect(formatNoteKey(key)).toBe(text);
    expect(`${key.name}+${noteKeyId(key)}`).toBe(text.split("+").slice(0, 2).join("+"));
  });

  test("no part of a key and no changed character is a key (the manglings of note_test.go)", () => {
    for (let i = 0; i <= PETER.length; i++) {
      for (let j = i + 1; j <= PETER.length; j++) {
        if (i !== 0 || j !== PETER.length) refuses(() => parseNoteKey(PETER.slice(i, j)));
      }
    }
    for (let i = 0; i < PETER.length; i++) {
      const next = String.fromCharCode(PETER.charCodeAt(i) + 1);
      refuses(() => parseNoteKey(PETER.slice(0, i) + next + PETER.slice(i + 1)));
    }
    refuses(() => parseNoteKey("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=="));
    refuses(() => parseNoteKey("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"));
  });
});

describe("notes", () => {
  test("signing gives the published bytes", () => {
    const signature = signText(signerOf("PeterNeumann", PETER_PRIVATE), TEXT);
    expect(formatNote({ text: TEXT, signatures: [signature] })).toBe(`${TEXT}\n${PETER_LINE}`);
  });

  test("signatures of known keys are checked, others passed over", () => {
    const both = note(`${TEXT}\n${PETER_LINE}${ENOCH_LINE}`);
    const names = (keys: string[]): string[] =>
      checkSignatures(both, keys.map(parseNoteKey)).map(({ key, valid }) => `${key.name} ${valid}`);
    expect(names([PETER])).toEqual(["PeterNeumann true"]);
    expect(names([PETER, ENOCH])).toEqual(["PeterNeumann true", "EnochRoot true"]);
    expect(names([])).toEqual([]);
    expect(names([SUMDB])).toEqual([]);
    expect(formatNote(both)).toBe(`${TEXT}\n${PETER_LINE}${ENOCH_LINE}`);
  });

  test("a signature of a known key that does not fit is not valid", () => {
    const bad = note(`${TEXT}\n${PETER_LINE.slice(0, 60)}ABCD${PETER_LINE.slice(60)}`);
    expect(checkSignatures(bad, [parseNoteKey(PETER)])).toMatchObject([{ valid: false }]);
    const other = note(`${TEXT.replace("answer", "Answer")}\n${PETER_LINE}`);
    expect(checkSignatures(other, [parseNoteKey(PETER)])).toMatchObject([{ valid: false }]);
  });

  test.each([
    ["no signature block", TEXT],
    ["an empty signature block", `${TEXT}\n`],
    ["no last newline", `${TEXT}\n${PETER_LINE.slice(0, -1)}`],
    ["a control character", `\u0001${TEXT}\n${PETER_LINE}`],
    ["a carriage return", `${TEXT}\n${PETER_LINE.slice(0, -1)}\r\n`],
    ["a name with a space", `${TEXT}\n${PETER_LINE.replace("PeterNeumann", "Bad Name")}`],
    ["a name with a plus", `${TEXT}\n${PETER_LINE.replace("PeterNeumann", "a+b")}`],
    ["a name with a no-break space", `${TEXT}\n${PETER_LINE.replace("PeterNeumann", "a\u00a0b")}`],
    ["another line", `${TEXT}\n${PETER_LINE}Unexpected line.\n`],
    ["a hyphen for the dash", `${TEXT}\n${PETER_LINE.replace("—", "-")}`],
    ["base64 spelled otherwise", `${TEXT}\n${PETER_LINE.replace("nAM=", "nAN=")}`],
    ["a signature of nothing", `${TEXT}\n— PeterNeumann x08gow==\n`],
    ["too many signatures", `${TEXT}\n${PETER_LINE.repeat(101)}`],
  ])("%s is malformed", (_what, text) => {
    refuses(() => note(text));
  });

  test("bytes that are not UTF-8, and a megabyte of them, are malformed", () => {
    refuses(() => parseNote(Buffer.concat([Buffer.from([0xff]), Buffer.from(`${TEXT}\n${PETER_LINE}`)])));
    refuses(() => parseNote(Buffer.alloc(1_000_001, "a")));
  });

  test("the example of the specification is read: an empty line in the text, an accent", () => {
    const text =
      "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n";
    const line =
      "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
    const read = note(`${text}\n${line}`);
    expect(read.text).toBe(text);
    expect(read.signatures).toMatchObject([{ name: "quasimodo.example/salvatore", key_id: "367ba04b" }]);
  });

  test("a second signature by the same key replaces the first", () => {
    const signer = signerOf("PeterNeumann", PETER_PRIVATE);
    const once = withSignature(note(`${TEXT}\n${ENOCH_LINE}`), signText(signer, TEXT));
    const twice = withSignature(once, signText(signer, TEXT));
    expect(formatNote(twice)).toBe(`${TEXT}\n${ENOCH_LINE}${PETER_LINE}`);
  });
});

describe("checkpoints", () => {
  test("a head of the Go checksum database verifies, and no other size or root does", () => {
    const checkpoint = parseCheckpoint(Buffer.from(SUMDB_HEAD));
    expect(checkpoint).toMatchObject({ origin: "go.sum database tree", size: 6_476_701 });
    expect(checkpointText(checkpoint)).toBe(checkpoint.note.text);
    const valid = (text: string): boolean[] =>
      checkSignatures(parseCheckpoint(Buffer.from(text)).note, [parseNoteKey(SUMDB)]).map((one) => one.valid);
    expect(valid(SUMDB_HEAD)).toEqual([true]);
    expect(valid(SUMDB_HEAD.replace("6476701", "6476702"))).toEqual([false]);
    expect(valid(SUMDB_HEAD.replace("mb8Q", "mb8R"))).toEqual([false]);
  });

  test("the cosigned example of the specification is read, with the time of its witness", () => {
    const { note: cosigned, ...checkpoint } = parseCheckpoint(Buffer.from(COSIGNED));
    expect(checkpoint).toMatchObject({ origin: "example.com/behind-the-sofa", size: 20_852_163 });
    const [, witness] = cosigned.signatures;
    expect(witness).toMatchObject({ name: "witness.example.com/w1", key_id: "8d66cf3f" });
    expect(Buffer.from(witness?.signature ?? []).readBigUInt64BE()).toBe(1_679_315_147n);
    expect(formatNote(cosigned)).toBe(COSIGNED);
  });

  test.each([
    ["two lines", COSIGNED.replace("20852163\n", "")],
    ["a leading zero", COSIGNED.replace("20852163", "020852163")],
    ["a sign", COSIGNED.replace("20852163", "+20852163")],
    ["a size beyond 2^53", COSIGNED.replace("20852163", "9007199254740993")],
    ["an empty origin", COSIGNED.replace("example.com/behind-the-sofa\n", "\n")],
    ["a short root", COSIGNED.replace("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=", "CsUY")],
    ["a root in another spelling", COSIGNED.replace("jxq2I=", "jxq2J=")],
  ])("%s makes no checkpoint", (_what, text) => {
    refuses(() => parseCheckpoint(Buffer.from(text)));
  });

  test("a cosignature says when, covers the text, and is not a log's signature", () => {
    const signer = signerOf("witness.example/w", PETER_PRIVATE);
    const text = checkpointText({ origin: "example.com/log", size: 3, root: Buffer.alloc(32, 7) });
    const signed = { text, signatures: [cosignText(signer, text, 1_679_315_147)] };
    const { name, public_key } = signer;
    const key = { name, type: "cosignature", public_key } as const;
    expect(checkSignatures(signed, [key])).toEqual([{ key, valid: true, time_s: 1_679_315_147 }]);
    expect(checkSignatures({ ...signed, text: text.replace("3", "4") }, [key])).toMatchObject([
      { valid: false },
    ]);
    // The same key for the log's own type is another key id: passed over.
    expect(checkSignatures(signed, [{ ...key, type: "ed25519" }])).toEqual([]);
  });
});

describe("proof files", () => {
  const hashes = [1, 2, 3].map((byte) => Buffer.alloc(32, byte));
  const read = (text: string) => parseProofFile(Buffer.from(text));

  test("the layout of the specification is written and read", () => {
    const extra = Buffer.from("extra information");
    const text = formatInclusion({ extra, index: 10, hashes, note: note(COSIGNED) });
    expect(text).toBe(
      `c2sp.org/tlog-proof@v1\nextra ZXh0cmEgaW5mb3JtYXRpb24=\nindex 10\n${hashes.map((one) => `${one.toString("base64")}\n`).join("")}\n${COSIGNED}`,
    );
    expect(read(text)).toMatchObject({ kind: "inclusion", index: 10, hashes, extra });
    const bare = formatInclusion({ index: 0, hashes: [], note: note(COSIGNED) });
    expect(bare).toBe(`c2sp.org/tlog-proof@v1\nindex 0\n\n${COSIGNED}`);
    expect(read(bare)).toMatchObject({ index: 0, hashes: [], extra: undefined });
  });

  test("the request of the witness specification is written and read", () => {
    const example = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

${COSIGNED}`;
    const proof = read(example);
    if (proof.kind !== "consistency") throw new Error("not a consistency proof");
    expect(proof).toMatchObject({ old_size: 20_852_014, checkpoint: { size: 20_852_163 } });
    const { old_size, checkpoint } = proof;
    expect(formatConsistency({ old_size, hashes: proof.hashes, note: checkpoint.note })).toBe(example);
  });

  test.each([
    // transparency-dev/merkle, proof/tlog_proof_test.go
    ["another header", `wrong-header\nindex 0\n\n${COSIGNED}`],
    ["extra that is not base64", `c2sp.org/tlog-proof@v1\nextra !!notbase64!!\nindex 0\n\n${COSIGNED}`],
    ["no index", `c2sp.org/tlog-proof@v1\n\n\n${COSIGNED}`],
    ["an index that is no number", `c2sp.org/tlog-proof@v1\nindex notanumber\n\n${COSIGNED}`],
    ["a negative index", `c2sp.org/tlog-proof@v1\nindex -5\n\n${COSIGNED}`],
    ["a hash that is not base64", `c2sp.org/tlog-proof@v1\nindex 0\n!!notbase64!!\n\n${COSIGNED}`],
    ["a long hash", `c2sp.org/tlog-proof@v1\nindex 0\n${Buffer.alloc(64).toString("base64")}\n\n${COSIGNED}`],
    [
      "64 hashes",
      `c2sp.org/tlog-proof@v1\nindex 0\n${`${Buffer.alloc(32).toString("base64")}\n`.repeat(64)}\n${COSIGNED}`,
    ],
    ["extra after the index", `c2sp.org/tlog-proof@v1\nindex 0\nextra YQ==\n\n${COSIGNED}`],
    ["no checkpoint", "c2sp.org/tlog-proof@v1\nindex 0\n"],
    ["an old size with a zero before it", `old 07\n\n${COSIGNED}`],
    ["nothing", ""],
  ])("%s is malformed", (_what, text) => {
    refuses(() => read(text));
  });
});
