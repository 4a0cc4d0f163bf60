/** The questions of `trace`, asked of the built program: exit codes, one document, and words that work when pasted. */
import { describe, expect, test } from "vitest";
import { EVIDENCE, evidencePlane, ok, planesLike } from "./scenes.ts";

const RUNTIME = "PKG-T1-RUNTIME-001";
const plane = planesLike((folder) => {
  const made = evidencePlane(folder);
  ok(made, "pkg", "pack", "--src", "modules/agent_runtime");
  ok(made, "pkg", "install", RUNTIME);
  return made;
});

describe("what is unknown or asked wrongly", () => {
  test.each([
    [["--why", "PKG-T1-RUNTIM-001", EVIDENCE], 1, "TRACE_SUBJECT_UNKNOWN", RUNTIME],
    [["--who", "modules/stdlib_evidence/hashin.py"], 1, "TRACE_SUBJECT_UNKNOWN", "hashing.py"],
    [["--impact", "PKG-T0-EVIDENC-001"], 1, "TRACE_SUBJECT_UNKNOWN", EVIDENCE],
    [["--diff", "1.0.0", "9.9.9", "--package", EVIDENCE], 1, "TRACE_VERSION_ABSENT", "1.0.0"],
    [["--at", "yesterday"], 2, "TRACE_TIME_INVALID", "2026-03-01"],
    [["FMWK-100", "--at", "2026-03-01"], 2, "TRACE_TIME_MISPLACED", "--at"],
    [["--why", RUNTIME], 2, "INPUT_MISSING", "--why A B"],
    [["--why", RUNTIME, EVIDENCE, "--impact", RUNTIME], 2, "INPUT_CONFLICT", "one at a time"],
    [["--impact", EVIDENCE, RUNTIME], 2, "INPUT_CONFLICT", "--impact and --explain"],
    [["--inventory", "--installed"], 2, "INPUT_CONFLICT", "one at a time"],
    [["--installed", "--at", "2020-01-01"], 2, "INPUT_CONFLICT", "--at and --installed"],
    [["--verify", "--at", "2020-01-01"], 2, "INPUT_CONFLICT", "--at and --verify"],
    [["--diff", `${EVIDENCE}@1.0.0`, "1.0.0", "--at", "2020-01-01"], 2, "INPUT_CONFLICT", "--diff"],
    [["--html", "--mermaid"], 2, "INPUT_CONFLICT", "two forms"],
    [["--mermaid", "--installed"], 2, "INPUT_CONFLICT", "--mermaid and --installed"],
    [[EVIDENCE, "--out", "x.html"], 2, "INPUT_CONFLICT", "--out goes with --html"],
    [["--who", "modules", "--all"], 2, "INPUT_CONFLICT", "--all and --who"],
    [["--inventory", "--all"], 2, "INPUT_CONFLICT", "--all and --inventory"],
    [[EVIDENCE, "--limit", "3"], 2, "INPUT_CONFLICT", "--limit goes with --why"],
    [["--who", "modules", "--text"], 2, "INPUT_CONFLICT", "--text goes with --diff"],
    [["--at", "2026-02-30"], 2, "TRACE_TIME_INVALID", "2026-02-30"],
    [["--at", "2026-04-31T10:00:00Z"], 2, "TRACE_TIME_INVALID", "2026-04-31"],
    [["--diff", "1.0.0", "1.1.0"], 2, "INPUT_MISSING", "--package"],
    [["--html", "--out", "ledger/x.html"], 3, "OUTPUT_REFUSED", "no report replaces"],
    [["modules", "--mermaid"], 2, "TRACE_NO_DIAGRAM", "--why"],
    [[], 2, "INPUT_MISSING", "--explain"],
  ] as const)("trace %j exits %d with %s", (args, status, code, says) => {
    const on = plane();
    const text = on.run("trace", args);
    expect(text.status).toBe(status);
    expect(text.stderr).toContain(`[${code}]`);
    expect(text.stderr).toContain(says);
    const json = on.run("trace", [...args, "--json"]);
    expect([json.status, json.json().error.code]).toEqual([status, code]);
  });

  test("an unknown --explain is an answer with the nearest names, and exit 1", () => {
    const done = plane().run("trace", ["--explain", `${EVIDENCE}@1.0.1`, "--json"]);
    expect([done.status, done.json().type, done.json().data.near[0]]).toEqual([
      1,
      "unknown",
      `${EVIDENCE}@1.0.0`,
    ]);
  });
});

test("each question is answered, as text and as one JSON document", () => {
  const on = plane();
  const { transaction_id } = on.run("trace", [EVIDENCE, "--json"]).json().data.receipts[0];
  for (const [args, type, says] of [
    [["--why", RUNTIME, EVIDENCE], "why", `1 path from ${RUNTIME} to ${EVIDENCE}.`],
    [["--who", "modules/stdlib_evidence/hashing.py"], "who", "let in by     admin"],
    [["--impact", EVIDENCE, "--prove"], "impact", `T1  ${RUNTIME} 1.0.0`],
    [["--diff", `${EVIDENCE}@1.0.0`, "1.0.0"], "diff", "0 added, 0 removed, 0 changed"],
    [["--at", "2999-01-01"], "plane_at", "in force      2 packages"],
    [[EVIDENCE, "--at", "2999-01-01"], "package_at", "nothing since"],
    [[`${EVIDENCE}@1.0.0`, "--evidence"], "package_version", "was in force in ho3"],
    [[transaction_id], "transaction", `${EVIDENCE} in HO3: absent -> 1.0.0`],
    [["ARCHIVE_PATH_NUL"], "code", "fault of archive"],
  ] as const) {
    const text = ok(on, "trace", ...args).stdout;
    expect(text).toContain(says);
    expect(ok(on, "trace", ...args, "--json").json()).toMatchObject({ type, found: true });
  }
  expect(ok(on, "trace", "--mermaid").stdout).toMatch(/^flowchart LR\n/);
  expect(ok(on, "trace", "--html", "--out", "../plane.html", "--json").json()).toMatchObject({
    size_bytes: expect.any(Number),
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});
