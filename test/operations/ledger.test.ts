/** What the ledger's operations tell of one plane in which packages came, changed and went. */
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fault } from "../../src/kernel/index.ts";
import { OPERATIONS } from "../../src/operations/index.ts";
import { ask } from "../../src/trace/index.ts";
import { type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { contextOf } from "../support/operation-context.ts";
import { writeTree } from "../support/tree.ts";

const [A, B] = ["PKG-T1-A-001", "PKG-T1-B-001"] as const;
const PACKAGES = "ledger/packages.jsonl";
const folder = mkdtempSync(`${tmpdir()}/ledger-operations-`);
let on: LibraryPlane;

interface Ran {
  readonly result: never;
  readonly exit_code: number;
  readonly text: string;
}

async function run(
  name: string,
  input: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): Promise<Ran> {
  const operation = await OPERATIONS[`ledger ${name}`]?.();
  if (operation === undefined) throw new Error(`no operation ${name}`);
  const context = contextOf(on, { token: on.token, ...more });
  const parsed = operation.input.parse(input);
  const { result, exit_code = 0 } = await operation.run(context, parsed);
  return { result: result as never, exit_code, text: operation.text(result, parsed) };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
  return "no fault";
}

interface Line {
  readonly id: string;
  readonly event_type: string;
  readonly submission_id: string;
  readonly timestamp: string;
  readonly entry_hash: string;
}
const lines = (stream = PACKAGES): string[] =>
  readFileSync(`${on.root}/${stream}`, "utf8").split("\n").slice(0, -1);
const entries = (stream = PACKAGES): Line[] => lines(stream).map((line) => JSON.parse(line) as Line);
const entryOf = (event: string, id: string): Line => {
  const found = entries().find(
    ({ event_type, submission_id }) => event_type === event && submission_id === id,
  );
  if (found === undefined) throw new Error(`no ${event} of ${id}`);
  return found;
};

beforeAll(async () => {
  on = await libraryPlane(folder);
  for (const [id, name] of [
    [A, "a"],
    [B, "b"],
  ] as const)
    writeTree(on.root, {
      [`src/${name}/holdfast.toml`]: packageToml(id, { target: `modules/${name}` }),
      [`src/${name}/x.py`]: "x\n",
    });
  await on.pack("src/a");
  await on.pack("src/b");
  await on.install([A]);
  await on.install([B]);
  writeTree(on.root, { "src/a/holdfast.toml": packageToml(A, { target: "modules/a", version: "2.0.0" }) });
  await on.pack("src/a");
  await on.update([A]);
  await on.uninstall([B]);
  await on.rollback([A]);
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("ledger at", () => {
  const inForce = async (moment: string, stream?: string) => {
    const { result } = await run("at", { moment, ...(stream !== undefined && { stream }) });
    const { packages } = result as { packages: { package_id: string; version: string }[] };
    return packages.map(({ package_id, version }) => `${package_id} ${version}`);
  };

  test("right after each change, by id and by hash", async () => {
    expect(await inForce(entryOf("INSTALLED", A).id)).toEqual([`${A} 1.0.0`]);
    expect(await inForce(entryOf("INSTALLED", B).entry_hash)).toEqual([`${A} 1.0.0`, `${B} 1.0.0`]);
    expect(await inForce(entryOf("UPDATED", A).id)).toEqual([`${A} 2.0.0`, `${B} 1.0.0`]);
    expect(await inForce(entryOf("UNINSTALLED", B).id)).toEqual([`${A} 2.0.0`]);
    expect(await inForce(entryOf("REVERTED", A).id)).toEqual([`${A} 1.0.0`]);
    expect(await inForce("0", PACKAGES)).toEqual([]);
  });

  test("a ledger that is gone is no plane in which nothing happened", async () => {
    const path = `${on.root}/${PACKAGES}`;
    renameSync(path, `${path}.aside`);
    try {
      expect(await codeOf(run("at", { moment: "2999-01-01" }))).toBe("LEDGER_DAMAGED");
      const history = await OPERATIONS["history"]?.();
      const context = { effects: on.effects, root: on.root } as never;
      expect(await codeOf(history?.run(context, { limit: 5 }) ?? Promise.resolve())).toBe("LEDGER_DAMAGED");
      const then = await ask(on.effects, on.plane, { ask: "plane_at" }, { at: "2999-01-01" });
      expect(then.findings.map(({ code }) => code)).toEqual(["TRACE_LEDGER_UNREADABLE"]);
    } finally {
      renameSync(`${path}.aside`, path);
    }
  });

  test("at a time: the moment itself is included, and evidence is named", async () => {
    const { timestamp, id } = entryOf("INSTALLED", A);
    expect(await inForce(timestamp)).toEqual([`${A} 1.0.0`]);
    expect(await inForce("2020-01-01")).toEqual([]);
    expect(await inForce("2999-01-01T00:00")).toEqual([`${A} 1.0.0`]);
    const { result } = await run("at", { moment: id });
    const index = entries().findIndex((entry) => entry.id === id);
    expect(result).toMatchObject({
      entry: { stream: PACKAGES, line: index + 1 },
      packages: [
        {
          version: "1.0.0",
          plane_id: "ho3",
          user: "admin",
          evidence: { stream: PACKAGES, line: index + 1, id },
        },
      ],
    });
  });

  test("an approval is in force until it expires or is withdrawn", async () => {
    const approval = (decision: string, at: string, expires_at: string) => ({
      decision,
      event_type: "approval",
      timestamp: `${at}T00:00:00.000000+00:00`,
      metadata: { expires_at: `${expires_at}T00:00:00.000Z`, user: "ann" },
    });
    const path = `${on.root}/ledger/governance.jsonl`;
    const before = readFileSync(path);
    const template = entries("ledger/governance.jsonl")[0];
    const added = [
      approval("APPROVED", "2030-01-01", "2030-02-01"),
      approval("WITHDRAWN", "2030-01-20", "2030-02-01"),
      { ...approval("APPROVED", "2030-01-21", ""), submission_id: "without an end" },
    ].map((one) =>
      JSON.stringify({ ...template, submission_id: "sandbox", ...one }, null, 1).replaceAll(/\n\s*/g, " "),
    );
    writeFileSync(path, Buffer.concat([before, Buffer.from(`${added.join("\n")}\n`)]));
    const subjects = async (moment: string) =>
      ((await run("at", { moment })).result as { approvals: { subject: string }[] }).approvals.map(
        ({ subject }) => subject,
      );
    try {
      expect(await subjects("2029-12-31")).toEqual([]);
      expect(await subjects("2030-01-10")).toEqual(["sandbox"]);
      expect(await subjects("2030-01-25")).toEqual([]);
    } finally {
      writeFileSync(path, before);
    }
  });

  test("what is no moment", async () => {
    expect(await codeOf(run("at", { moment: "2026-13-45" }))).toBe("TIME_INVALID");
    expect(await codeOf(run("at", { moment: "LED-none" }))).toBe("ENTRY_UNKNOWN");
    expect(await codeOf(run("at", { moment: "3" }))).toBe("ENTRY_UNKNOWN");
  });
});

describe("ledger show", () => {
  test("by id, hash and number, with where it stands", async () => {
    const { id, entry_hash } = entryOf("UPDATED", A);
    const index = entries().findIndex((entry) => entry.id === id);
    const shown = { stream: PACKAGES, index, line: index + 1, state: "sound", computed_hash: entry_hash };
    for (const [entry, stream] of [[id], [entry_hash], [String(index), PACKAGES]])
      expect((await run("show", { entry, stream })).result).toMatchObject(shown);
    expect((await run("show", { entry: id })).text).toContain(`it has the hash it states`);
  });

  test("an edited entry and a line that is none are shown as such, with exit code 1", async () => {
    const path = `${on.root}/ledger/site.jsonl`;
    writeFileSync(path, `${(lines()[0] ?? "").replace("start", "START")}\nnot\u001b[2J an entry\n`);
    try {
      expect(await run("show", { entry: "0", stream: "ledger/site.jsonl" })).toMatchObject({
        exit_code: 1,
        result: { state: "edited" },
      });
      const none = await run("show", { entry: "1", stream: "ledger/site.jsonl" });
      expect(none).toMatchObject({ exit_code: 1, result: { state: "malformed", entry: null } });
      expect(none.text).not.toContain("\u001b");
    } finally {
      rmSync(path);
    }
  });

  test("unknown ones", async () => {
    expect(await codeOf(run("show", { entry: "99999", stream: PACKAGES }))).toBe("ENTRY_UNKNOWN");
    expect(await codeOf(run("show", { entry: "f".repeat(64) }))).toBe("ENTRY_UNKNOWN");
  });
});

describe("ledger tail", () => {
  const ids = ({ result }: Ran) =>
    (result as { entries: { entry: Line; stream: string }[] }).entries.map(({ entry }) => entry.id);

  test("the newest of one stream, and of all by time", async () => {
    const newest = entries()
      .slice(-3)
      .map(({ id }) => id);
    expect(ids(await run("tail", { number: 3, stream: PACKAGES }))).toEqual(newest);
    const { result } = await run("tail", { number: 1000 });
    const shown = (result as { entries: { entry: Line; stream: string }[] }).entries;
    expect(new Set(shown.map(({ stream }) => stream)).size).toBe(4);
    const times = shown.map(({ entry }) => entry.timestamp);
    expect(times).toEqual([...times].sort());
  });

  test("--follow shows what is recorded meanwhile, until interrupted", async () => {
    const stop = new AbortController();
    const texts: string[] = [];
    let looks = 0;
    const sleep = async (): Promise<void> => {
      if (++looks === 1) {
        await run("append", { event: "site.note", reason: "while followed", stream: "ledger/site.jsonl" });
      } else stop.abort();
    };
    const effects = { ...on.effects, clock: { ...on.effects.clock, sleep }, signal: stop.signal };
    const ran = await run(
      "tail",
      { number: 1, follow: true },
      { effects, onText: (text: string) => texts.push(text) },
    );
    expect(texts.join("")).toContain("while followed");
    expect(ran.text).toBe("");
    const [genesis, note] = entries("ledger/site.jsonl");
    expect([genesis?.event_type, note?.event_type]).toEqual(["GENESIS", "site.note"]);
    expect(ids(ran)).toEqual([note?.id]);
  });
});

describe("ledger export", () => {
  test("jsonl is the very lines; json parses; csv has a row for each", async () => {
    const count = lines().length;
    const content = async (format: string) =>
      ((await run("export", { stream: PACKAGES, format })).result as { content: string }).content;
    expect(await content("jsonl")).toBe(readFileSync(`${on.root}/${PACKAGES}`, "utf8"));
    expect(JSON.parse(await content("json"))).toEqual(entries());
    expect((await content("csv")).trimEnd().split("\n")).toHaveLength(count + 1);
  });

  test("parts of it, by number and by time", async () => {
    const { timestamp } = entryOf("UPDATED", A);
    const content = async (range: Record<string, unknown>) =>
      ((await run("export", { stream: PACKAGES, ...range })).result as { content: string }).content;
    expect(await content({ from: 2, to: 4 })).toBe(`${lines().slice(2, 5).join("\n")}\n`);
    const since = entries().filter((entry) => entry.timestamp >= timestamp).length;
    expect((await content({ since: timestamp })).split("\n")).toHaveLength(since + 1);
    expect(await content({ until: "2020-01-01" })).toBe("");
    expect(await codeOf(run("export", { since: "yesterday" }))).toBe("TIME_INVALID");
  });

  test("to a new file, whole or not at all; a cell that would run is guarded and counted", async () => {
    const out = `${on.root}/../export.csv`;
    await run("append", { event: "site.note", reason: '=HYPERLINK("x")' });
    const { result } = await run("export", { format: "csv", out });
    expect(result).toMatchObject({ cells_guarded: 1, entries: lines("ledger/governance.jsonl").length });
    expect(readFileSync(out, "utf8")).toContain(`"'=HYPERLINK(""x"")"`);
    expect(await codeOf(run("export", { out }))).toBe("OUT_UNWRITABLE");
    rmSync(out);
    expect(await codeOf(run("export", { out, since: "never" }))).toBe("TIME_INVALID");
    expect(await codeOf(run("export", { out: "/nowhere/at/all" }))).toBe("OUTPUT_REFUSED");
  });

  test("a range that ends before it begins is refused, and leaves no file", async () => {
    const out = `${on.root}/../none.jsonl`;
    for (const range of [
      { from: 5, to: 2 },
      { since: "2026-02-01", until: "2026-01-01" },
    ])
      expect(await codeOf(run("export", { ...range, out }))).toBe("INPUT_CONFLICT");
    expect(existsSync(out)).toBe(false);
  });

  test("a file has the very bytes of lines that are not UTF-8", async () => {
    const path = `${on.root}/ledger/odd.jsonl`;
    const out = `${on.root}/../odd.jsonl`;
    const bytes = Buffer.from('{"a": "\xff\xfe"}\n\x80\n{}\n', "latin1");
    writeFileSync(path, bytes);
    await run("export", { stream: "ledger/odd.jsonl", out });
    expect(readFileSync(out)).toEqual(bytes);
    rmSync(path);
    rmSync(out);
  });

  test("more than can be printed is refused", async () => {
    const path = `${on.root}/ledger/large.jsonl`;
    writeFileSync(path, "{}\n".repeat(10_001));
    expect(await codeOf(run("export", { stream: "ledger/large.jsonl" }))).toBe("EXPORT_TOO_LARGE");
    rmSync(path);
  });
});

test("a ledger that is named and not there is no empty one", async () => {
  for (const name of ["tail", "export"])
    expect(await codeOf(run(name, { stream: "ledger/pakages.jsonl" }))).toBe("STREAM_UNKNOWN");
});

describe("ledger prove and verify-proof", () => {
  const vkey = (): string => {
    const { keys } = JSON.parse(readFileSync(`${on.root}/config/trusted_keys.json`, "utf8")) as {
      keys: { vkey: string; uses: string[] }[];
    };
    return keys.find(({ uses }) => uses.includes("ledger"))?.vkey ?? "";
  };
  const at = `${folder}/proof.json`;
  const check = (stated: unknown, more: Record<string, unknown> = {}) => {
    writeFileSync(at, typeof stated === "string" ? stated : JSON.stringify(stated, null, 2));
    return run("verify-proof", { file: at, key: [vkey()], ...more });
  };

  test("the JSON form proves what the file proves", async () => {
    const { result } = await run("prove", { entry: "1", stream: PACKAGES });
    const { proof } = result as { proof: string };
    const of_file = await check(proof);
    expect((await check(result)).result).toEqual(of_file.result);
    expect(of_file.result).toMatchObject({ valid: true, kind: "inclusion", index: 1, line: lines()[1] });
    const since = `${folder}/old-checkpoint`;
    writeFileSync(since, readFileSync(`${on.root}/ledger/packages/checkpoint`));
    const growth = (await run("prove", { since, stream: PACKAGES })).result;
    expect((await check(growth, { since })).result).toMatchObject({ valid: true, kind: "consistency" });
  });

  test("a field of the JSON form that says something else than its proof is refused", async () => {
    const result = (await run("prove", { entry: "1", stream: PACKAGES })).result as Record<string, unknown>;
    const others: Record<string, unknown> = {
      stream: "ledger/governance.jsonl",
      kind: "consistency",
      origin: "example.com/log",
      size: 1,
      root: "00".repeat(32),
      index: 2,
      line: lines()[2],
      old_size: 3,
      hashes: [],
      proof: `${String(result["proof"])} `,
    };
    for (const [field, value] of Object.entries(others)) {
      const code = await codeOf(check({ ...result, [field]: value }));
      expect([field, code]).toEqual([field, "LEDGER_PROOF_MALFORMED"]);
    }
    const twice = JSON.stringify(result).replace("{", '{"line": "another",');
    for (const bad of [twice, "{", '{"proof": 1}', "{}"])
      expect(await codeOf(check(bad))).toBe("LEDGER_PROOF_MALFORMED");
  });

  test("what is missing beside a proof is asked for; what never ends is not read", async () => {
    const since = `${on.root}/ledger/packages/checkpoint`;
    const growth = (await run("prove", { since, stream: PACKAGES })).result;
    await expect(check(growth)).rejects.toMatchObject({
      code: "LEDGER_PROOF_INVALID",
      next_step: expect.stringContaining("with --since"),
    });
    const endless = { file: "/dev/zero", key: [vkey()] };
    expect(await codeOf(run("verify-proof", endless))).toBe("GIVEN_FILE_TOO_LARGE");
    expect(await codeOf(run("prove", { since: "/dev/zero" }))).toBe("GIVEN_FILE_TOO_LARGE");
    expect(await codeOf(run("verify", { witness: ["/dev/zero"] }))).toBe("GIVEN_FILE_TOO_LARGE");
  });
});

describe("ledger verify and summarise", () => {
  test("all streams are looked at, extra ones too, and what they say of one another", async () => {
    await run("append", { event: "site.note", stream: "ledger/sessions/SES-1.jsonl" });
    expect((await run("summarise")).text).toContain(
      "planes/ho1/ledger/worker.jsonl: ledger/sessions/SES-1.jsonl",
    );
    expect((await run("summarise")).text).toBe("No ledger has grown since it was summarised.\n");
    const good = await run("verify");
    expect(good.text).toContain("Ledger chain: VALID");
    expect(good).toMatchObject({ exit_code: 0, result: { family: { valid: true } } });
    const names = (good.result as { streams: { stream: string }[] }).streams.map(({ stream }) => stream);
    expect(names).toEqual(expect.arrayContaining(["ledger/sessions/SES-1.jsonl", "ledger/site.jsonl"]));
    const path = `${on.root}/ledger/sessions/SES-1.jsonl`;
    const before = readFileSync(path);
    rmSync(path);
    const bad = await run("verify");
    expect(bad.exit_code).toBe(1);
    for (const code of ["LEDGER_MISSING", "LEDGER_CHILD_MISSING"]) expect(bad.text).toContain(`[${code}]`);
    writeFileSync(path, before);
    expect((await run("verify")).exit_code).toBe(0);
  });

  test("a changed tile makes a ledger bad though its lines are whole", async () => {
    const tile = `${on.root}/ledger/governance/tile/0/000.p/${lines("ledger/governance.jsonl").length}`;
    const before = readFileSync(tile);
    const after = Buffer.from(before);
    after[5] = (after[5] ?? 0) ^ 1;
    writeFileSync(tile, after);
    const bad = await run("verify", { streams: ["ledger/governance.jsonl"] });
    expect(bad).toMatchObject({
      exit_code: 1,
      result: { streams: [{ valid: false, log: { valid: false } }] },
    });
    expect(bad.text).toContain("BAD  ledger/governance.jsonl");
    writeFileSync(tile, before);
  });

  test("all logs are written again, extra ones too; a session is none", async () => {
    for (const stream of ["ledger/audit.jsonl", "ledger/sessions/s9.jsonl"])
      await run("append", { event: "site.note", stream });
    const tile = `${on.root}/ledger/audit/tile/0/000.p/2`;
    rmSync(tile, { force: true });
    const { result } = await run("rebuild");
    const { streams } = result as { streams: { stream: string; state: string }[] };
    expect(streams).toContainEqual({ stream: "ledger/audit.jsonl", state: "signed" });
    expect(streams.map(({ stream }) => stream)).not.toContain("ledger/sessions/s9.jsonl");
    expect(existsSync(tile)).toBe(true);
    const named = run("rebuild", { stream: ["ledger/sessions/s9.jsonl"] });
    expect(await codeOf(named)).toBe("LEDGER_NOT_LOGGED");
  });

  test("only Holdfast speaks in its own name", async () => {
    const recorded = entries("ledger/governance.jsonl").map(({ event_type }) => event_type);
    const own = [
      "agent_turn",
      "approval",
      "capability_violation",
      "generation_mark_removed",
      "generation_marked_good",
      "ledger_summary",
      "plugin.installed",
      ...recorded.filter((event) => event === event.toLowerCase() && !event.startsWith("site.")),
    ];
    expect(own).toContain("config_recorded");
    for (const event of own)
      expect([event, await codeOf(run("append", { event }))]).toEqual([event, "EVENT_RESERVED"]);
  });
});
