import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TraceReport } from "../../src/contracts/index.ts";
import { rebuildIndex } from "../../src/index-db/index.ts";
import { sha256Hex } from "../../src/kernel/index.ts";
import { ledgerStreams } from "../../src/plane/index.ts";
import { readInstalled, receiptPath } from "../../src/receipts/index.ts";
import { NO_FACTS } from "../../src/trace/facts.ts";
import { explain } from "../../src/trace/index.ts";
import { type Answers, answersOf, aPast } from "./indexed-past.ts";
import { aChain, removePlanes, type TestPlane } from "./planes.ts";

afterAll(removePlanes);

describe("the index deleted changes no answer", () => {
  let on: TestPlane;
  let ids: readonly string[];
  let files: Answers;
  let index: Answers;

  beforeAll(async () => {
    ({ on, ids } = await aPast());
    files = answersOf(on, { facts: NO_FACTS });
    index = answersOf(on, {});
    rebuildIndex(on.effects, on.root, ledgerStreams(on.effects.fs, on.root), () => undefined);
  });

  /** Twice: once read into the index where that is due, once taken from it. */
  async function same(
    ask_: (answers: Answers) => Promise<TraceReport | string>,
  ): Promise<TraceReport | string> {
    const read = await ask_(files);
    for (const _ of [1, 2]) expect(await ask_(index)).toEqual(read);
    return read;
  }

  test.each([
    "PKG-T0-BASE-001",
    "PKG-T2-TOP-001@1.0.0",
    "PKG-T1-MID-001@9.9.9",
    "PKG-WANTS-001",
    "PKG-T1-MIDD-001",
    "FMWK-100",
    "SPEC-MID-001",
    "SPEC-EMPTY-001",
    "SPEC-MID-002",
    "modules",
    "modules/mid",
    "modules/top",
    "lib",
    "lib/stray.txt",
    ".",
    "modules/base/core.py",
    "specs/SPEC-MID-001/00_overview.md",
    "registries/file_ownership.csv",
    "ledger/packages/checkpoint",
    "core.py",
    "base/core.py",
    "coer.py",
    "modules/bsae/core.py",
    "modules/base/croe.py",
    "Mid.py",
    "carol smith",
    "dave",
    "nobody-like-this",
    "RECEIPT_DAMAGED",
    "RECEIPT_DAMAGD",
    sha256Hex("stray"),
    sha256Hex("archive of PKG-T1-MID-001"),
    sha256Hex("tar of PKG-T1-MID-001"),
    "LED-00000000000000000000000000000000",
  ])("explain %s", async (subject) => {
    await same(({ explained }) => explained(subject));
  });

  test("an entry by its id, and what was in force after each", async () => {
    for (const id of ids.slice(0, 5)) {
      expect(await same(({ explained }) => explained(id))).toMatchObject({ type: "ledger_entry" });
      for (const subject of ["PKG-T0-BASE-001", "PKG-T1-GONE-001", "modules/base/core.py"])
        await same(({ explained }) => explained(subject, { at: id }));
      await same(({ asked }) => asked({ ask: "plane_at" }, { at: id }));
      await same(({ asked }) => asked({ ask: "who", path: "modules/mid/mid.py" }, { at: id }));
      await same(({ asked }) => asked({ ask: "impact", subject: "PKG-T0-BASE-001" }, { at: id }));
      await same(({ asked }) =>
        asked({ ask: "why", from: "PKG-T2-TOP-001", to: "PKG-T0-BASE-001" }, { at: id }),
      );
    }
  });

  test("who, why and impact", async () => {
    await same(({ asked }) => asked({ ask: "who", path: "lib/stray.txt" }));
    await same(({ asked }) => asked({ ask: "why", from: "PKG-T2-TOP-001", to: "PKG-T0-BASE-001" }));
    await same(({ asked }) => asked({ ask: "why", from: "PKG-T0-BASE-001", to: "PKG-T2-TOP-001" }));
    for (const subject of ["PKG-T0-BASE-001", "PKG-T1-MID-001", "SPEC-MID-001", "FMWK-100"])
      await same(({ asked }) => asked({ ask: "impact", subject }));
  });
});

describe("edits by hand", () => {
  const edit = (on: TestPlane, path: string, change: (text: string) => string): void =>
    writeFileSync(`${on.root}/${path}`, change(readFileSync(`${on.root}/${path}`, "utf8")));

  test.each([
    ["a receipt the answer is about", receiptPath("PKG-T0-BASE-001", "ho3")],
    ["a receipt of a package that needs it", receiptPath("PKG-T1-MID-001", "ho3")],
    ["a manifest of a package that needs it", "installed/PKG-T1-MID-001/manifest.json"],
    ["the registry of packages", "registries/packages_registry.csv"],
    ["the registry of owners", "registries/file_ownership.csv"],
  ])("of %s are seen", async (_, path) => {
    const { on } = await aPast();
    const index = answersOf(on, {});
    rebuildIndex(on.effects, on.root, ledgerStreams(on.effects.fs, on.root), () => undefined);
    const subjects = ["PKG-T0-BASE-001", "modules/base/core.py", "modules/base"];
    const told = async ({ explained }: Answers) => {
      const answers: (TraceReport | string)[] = [];
      for (const subject of subjects) answers.push(await explained(subject));
      return answers;
    };
    const before = await told(index);
    edit(on, path, (text) =>
      text
        .replace('"1.2.0"', '"1.3.0"')
        .replace('"^1.0.0"', '"^2.0.0"')
        .replace("alice", "mallory")
        .replace("The PKG-T0-BASE-001", "That PKG-T0-BASE-001")
        .replace("modules/base/core.py", "modules/base/cove.py"),
    );
    const after = await told(index);
    expect(after).toEqual(await told(answersOf(on, { facts: NO_FACTS })));
    expect(after).not.toEqual(before);
  });

  test("a receipt taken away is seen by whoever asks for it", async () => {
    const { on } = await aPast();
    const index = answersOf(on, {});
    expect(await index.explained("PKG-T1-MID-001")).toMatchObject({ data: { installed: true } });
    rmSync(`${on.root}/installed/PKG-T1-MID-001`, { recursive: true });
    const files = answersOf(on, { facts: NO_FACTS });
    for (const subject of ["PKG-T1-MID-001", "PKG-T0-BASE-001", "FMWK-100"])
      expect(await index.explained(subject)).toEqual(await files.explained(subject));
  });
});

test("a trace says the same whether the index answers or the files are read", async () => {
  const on = await aChain();
  const [base] = readInstalled(on.effects.fs, on.root);
  const digest = String(base?.receipt.archive_hash);
  const subjects = [
    "PKG-T0-BASE-001",
    "PKG-T1-MID-001",
    "PKG-T2-TOP-001",
    "PKG-NOPE-001",
    "lib/low.py",
    "lib/nowhere.py",
    "lib",
    digest,
    digest.replace("sha256:", ""),
    String(base?.receipt.transaction_id),
  ];
  let known = 0;
  for (const subject of subjects) {
    const read = await explain(on.effects, on.plane, subject, { facts: NO_FACTS });
    for (const round of ["read into the index", "taken from it"])
      expect(await explain(on.effects, on.plane, subject, {}), `${subject}, ${round}`).toEqual(read);
    if (read.data !== null) known++;
  }
  expect(known).toBeGreaterThan(5);
});
