/** The ledger as a transparency log with the real binary: prove, check without a plane, witness, verify, rebuild. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makePlane, runProgram } from "../support/cli.ts";
import { temporaryFolder } from "../support/tree.ts";

test("what an auditor, a witness and an operator do with a log", () => {
  const plane = makePlane();
  const away = temporaryFolder();
  const checkpoint = join(plane.root, "ledger/governance/checkpoint");
  const old = join(away, "old-checkpoint");
  copyFileSync(checkpoint, old);
  const recorded = plane
    .pkg("ledger", "append", "--event", "site.change", "--subject", "CAB 42", "--json")
    .json();
  const { vkey } = JSON.parse(readFileSync(join(plane.root, "config/trusted_keys.json"), "utf8")).keys.find(
    ({ uses }: { uses: string[] }) => uses.includes("ledger"),
  );

  // An entry just recorded is covered at once, by id; the proof needs neither plane nor home to be checked.
  const proof = join(away, "entry.tlog-proof");
  expect(plane.pkg("ledger", "prove", recorded.entry.id, "--out", proof).status).toBe(0);
  const elsewhere = { cwd: away, env: { PATH: process.env["PATH"] ?? "", HOME: away } };
  const check = (...args: string[]) => runProgram("pkg", ["ledger", "verify-proof", ...args], elsewhere);
  const checked = check(proof, "--key", vkey, "--json");
  expect(checked.status).toBe(0);
  expect(checked.json()).toMatchObject({ valid: true, kind: "inclusion", index: 2, size: 3 });
  expect(JSON.parse(checked.json().line)).toMatchObject({ id: recorded.entry.id, submission_id: "CAB 42" });
  writeFileSync(proof, readFileSync(proof, "utf8").replace("index 2", "index 1"));
  const refused = check(proof, "--key", vkey);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain("LEDGER_PROOF_INVALID");
  expect(check(proof).status).toBe(2);

  const growth = join(away, "growth.proof");
  expect(plane.pkg("ledger", "prove", "--since", old, "--out", growth).status).toBe(0);
  expect(check(growth, "--since", old, "--key", vkey).stdout).toContain("of 3 entries continues its first 2");
  expect(plane.pkg("ledger", "prove", "--json").json().error).toMatchObject({ code: "INPUT_MISSING" });
  expect(plane.pkg("ledger", "prove", "99", "--json").json().error).toMatchObject({
    code: "LEDGER_ENTRY_UNKNOWN",
  });

  // Whoever has an id need not know its ledger, and a checkpoint tells of which it is.
  const added = plane.pkg("ledger", "append", "--event", "x", "--stream", "ledger/packages.jsonl", "--json");
  const other = join(away, "other-checkpoint");
  copyFileSync(join(plane.root, "ledger/packages/checkpoint"), other);
  const of_packages = { stream: "ledger/packages.jsonl" };
  expect(plane.pkg("ledger", "prove", added.json().entry.id, "--json").json()).toMatchObject(of_packages);
  expect(plane.pkg("ledger", "prove", "--since", other, "--json").json()).toMatchObject(of_packages);
  expect(plane.pkg("ledger", "prove", "LED-0", "--json").json().error).toMatchObject({
    code: "ENTRY_UNKNOWN",
  });

  const witness = join(away, "witness");
  const signed = plane.pkg("ledger", "cosign", "--witness", witness, "--name", "ann", "--json").json();
  expect(signed).toMatchObject({ witness: "ann", size: 3 });
  expect(plane.pkg("ledger", "prove", "0", "--cosigned", "--out", proof).status).toBe(0);
  expect(check(proof, "--key", vkey, "--witness", signed.witness_key).stdout).toContain("witnessed by ann");

  // The plane put back to what it was before the witness looked: only the witness and the head know.
  const stream = join(plane.root, "ledger/governance.jsonl");
  const lines = readFileSync(stream, "utf8").split("\n");
  const heads = join(plane.home, `.holdfast/planes/${plane.plane_uid}/heads`);
  writeFileSync(stream, `${lines.slice(0, 2).join("\n")}\n`);
  rmSync(join(plane.root, "ledger/governance"), { recursive: true });
  rmSync(join(plane.root, ".holdfast/cache/tlog"), { recursive: true });
  rmSync(heads, { recursive: true });
  mkdirSync(heads, { mode: 0o700 });
  expect(plane.pkg("ledger", "verify").status).toBe(0);
  const rolled_back = plane.pkg("ledger", "cosign", "--witness", witness);
  expect(rolled_back.status).toBe(4);
  expect(rolled_back.stderr).toContain("LEDGER_ROLLED_BACK");
  writeFileSync(stream, lines.join("\n"));
  expect(plane.pkg("ledger", "cosign", "--witness", witness).stdout).toContain("continues the 3 seen before");

  const tile = join(plane.root, "ledger/governance/tile/0/000.p/2");
  const bytes = readFileSync(tile);
  bytes[40] = (bytes[40] ?? 0) ^ 1;
  writeFileSync(tile, bytes);
  const verdict = plane.pkg("ledger", "verify", "--json");
  expect(verdict.status).toBe(1);
  const { findings } = verdict.json().streams[0] as { findings: { severity: string }[] };
  expect(findings.filter(({ severity }) => severity === "error")).toMatchObject([
    { code: "LEDGER_TILE_CHANGED", path: "ledger/governance/tile/0/000.p/2", line: 2 },
  ]);
  expect(plane.pkg("ledger", "rebuild").status).toBe(0);
  expect(plane.pkg("ledger", "verify").status).toBe(0);
}, 120_000);

test("what an entry says neither steers a terminal nor turns the text around it", () => {
  const plane = makePlane();
  const subject = "\u202Eabc\u2066\u2028\u009b31m";
  plane.pkg("ledger", "append", "--event", "site.change", "--subject", subject, "--reason", "a\u001b[2Jb");
  const id = plane.pkg("ledger", "tail", "-n", "1", "--json").json().entries[0].entry.id as string;
  for (const words of [["tail"], ["show", id], ["export"]]) {
    const { stdout } = plane.pkg("ledger", ...words);
    expect(stdout).toContain("\\u202eabc\\u2066");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may reach a terminal.
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
  }
});
