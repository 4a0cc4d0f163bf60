import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { explain, renderTrace } from "../../src/trace/index.ts";
import type { LibraryPlane } from "../support/library-plane.ts";
import { aPastToBreak, asked, BASE, codeOf, explained, MID, removePasts, TOP, thePast } from "./scenes.ts";

let on: LibraryPlane;
/** Entries of the package ledger by event. */
let entries: { id: string; event_type: string; timestamp: string; submission_id: string }[];
removePasts();
beforeAll(async () => {
  on = await thePast();
  const text = readFileSync(join(on.root, "ledger/packages.jsonl"), "utf8");
  entries = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
});

const entryOf = (event: string, id: string) => {
  const found = entries.find((one) => one.event_type === event && one.submission_id === id);
  if (found === undefined) throw new Error(`${event} ${id}`);
  return found;
};

describe("--at", () => {
  test.each(["yesterday", "2026-13-40", "12:00", "", "\0", "1".repeat(10_000), "2026-03-01T25:00"])(
    "%j is no time",
    async (at) => {
      expect(await codeOf(asked(on, { ask: "plane_at" }, { at }))).toBe("TRACE_TIME_INVALID");
    },
  );

  test("an entry no ledger has is unknown; a subject without a past is refused", async () => {
    const at = `LED-${"0".repeat(32)}`;
    expect(await codeOf(asked(on, { ask: "plane_at" }, { at }))).toBe("TRACE_SUBJECT_UNKNOWN");
    expect(await codeOf(explain(on.effects, on.plane, "FMWK-100", { at: "2026-03-01" }))).toBe(
      "TRACE_TIME_MISPLACED",
    );
    expect(await codeOf(explained(on, TOP, "package_at", { at: "2000-01-01" }))).toBe(
      "TRACE_SUBJECT_UNKNOWN",
    );
  });

  test("before the first entry nothing was in force", async () => {
    const { data, at } = await asked(on, { ask: "plane_at" }, { at: "2000-01-01" });
    expect([at, data.packages, data.entries_applied]).toEqual(["2000-01-01T00:00:00.000Z", [], 0]);
  });

  test("each entry names the state right after it, and its time that state or a later one", async () => {
    const versions = async (at: string) =>
      (await asked(on, { ask: "plane_at" }, { at })).data.packages.map(
        ({ package_id, version }) => `${package_id} ${version}`,
      );
    const before = [`${BASE} 1.0.0`, `${MID} 1.0.0`, `${TOP} 1.0.0`];
    expect(await versions(entryOf("INSTALLED", TOP).id)).toEqual(before);
    expect(await versions(entryOf("UPDATED", BASE).id)).toEqual([
      `${BASE} 1.1.0`,
      `${MID} 1.0.0`,
      `${TOP} 1.0.0`,
    ]);
    expect(await versions(entryOf("UNINSTALLED", TOP).timestamp)).toEqual([`${BASE} 1.1.0`, `${MID} 1.0.0`]);
    expect(await versions("2999-01-01T00:00:00Z")).toEqual([`${BASE} 1.1.0`, `${MID} 1.0.0`]);
  });

  test("a package as it was: files, needs, who used it, and what came next", async () => {
    const report = await explained(on, BASE, "package_at", { at: entryOf("INSTALLED", TOP).id });
    expect(report.data.standings).toMatchObject([{ version: "1.0.0", admission: { user: "admin" } }]);
    expect(report.data.files?.map(({ path }) => path)).toContain("modules/base/old.py");
    expect(report.data.dependents.map(({ from }) => from)).toEqual([MID, TOP]);
    expect(report.data.next).toMatchObject({ event: "UPDATED" });
    expect(report.findings).toEqual([]);
    expect(renderTrace(report)).toContain(`# ${BASE} at `);
  });

  test("what was uninstalled is explained by the manifest it left behind", async () => {
    const { data } = await explained(on, TOP, "package_at", { at: entryOf("INSTALLED", TOP).id });
    expect(data.files?.map(({ path }) => path)).toContain("modules/top/top.py");
    expect(data.dependencies.map(({ to }) => to)).toEqual([MID, BASE]);
  });

  test("--who, --why and --impact answer as of then", async () => {
    const at = entryOf("INSTALLED", TOP).id;
    const who = await asked(on, { ask: "who", path: "modules/base/old.py" }, { at });
    expect(who.data).toMatchObject({ exists: false, owners: [{ package: BASE, version: "1.0.0" }] });
    const why = await asked(on, { ask: "why", from: TOP, to: BASE }, { at });
    expect(why.data.paths_count).toBe(2);
    expect(await codeOf(asked(on, { ask: "why", from: TOP, to: BASE }, { at: "2000-01-01" }))).toBe(
      "TRACE_SUBJECT_UNKNOWN",
    );
    const impact = await asked(on, { ask: "impact", subject: BASE }, { at });
    expect(impact.data.packages.map(({ id }) => id)).toEqual([MID, TOP]);
    expect(await explained(on, "modules/base/old.py", "who", { at })).toMatchObject({ data: who.data });
  });

  test("a manifest that is kept nowhere is said to be, and nothing is made up", async () => {
    const gone = await aPastToBreak();
    rmSync(join(gone.root, ".holdfast/state/generations"), { recursive: true });
    rmSync(join(gone.root, "packages_store"), { recursive: true });
    const at = JSON.parse(
      readFileSync(join(gone.root, "ledger/packages.jsonl"), "utf8").trim().split("\n").at(-1) ?? "",
    ).timestamp as string;
    const before = new Date(Date.parse(at) - 1).toISOString();
    const report = await explained(gone, TOP, "package_at", { at: before });
    expect([report.data.files, report.data.tier]).toEqual([null, null]);
    expect(report.findings.map(({ code }) => code)).toContain("TRACE_PAST_UNKNOWN");
  });

  test("entries that are no entries, or of unknown tiers, do not stop it", async () => {
    const odd = await aPastToBreak();
    const path = join(odd.root, "ledger/packages.jsonl");
    const line =
      '{"event_type": "INSTALLED", "metadata": {"plane_id": "__proto__"}, "submission_id": "PKG-X-1"';
    writeFileSync(path, `${readFileSync(path, "utf8")}not json\n${line}}\n${line}\n`);
    const { data } = await asked(odd, { ask: "plane_at" }, { at: "2999-01-01" });
    expect(data.packages.map(({ package_id }) => package_id)).toEqual([BASE, MID, "PKG-X-1"]);
  });
});
