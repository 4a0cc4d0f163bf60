import { afterAll, expect, test } from "vitest";
import { readInstalled } from "../../src/receipts/index.ts";
import { NO_FACTS } from "../../src/trace/facts.ts";
import { explain } from "../../src/trace/index.ts";
import { aChain, removePlanes } from "./planes.ts";

afterAll(removePlanes);

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
