/** An index behind the trace changes no answer: a toy one, made from the same files, stands in for the real one. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { REGISTRY_KEYS } from "../../src/contracts/index.ts";
import { bare } from "../../src/kernel/index.ts";
import { readInstalled } from "../../src/receipts/index.ts";
import { scanRows } from "../../src/registry/index.ts";
import { NO_FACTS } from "../../src/trace/facts.ts";
import { ask, explain, type Question, type TraceFacts } from "../../src/trace/index.ts";
import type { LibraryPlane } from "../support/library-plane.ts";
import { BASE, MID, removePasts, thePast } from "./scenes.ts";

let on: LibraryPlane;
let facts: TraceFacts;
const asked: string[] = [];
removePasts();
beforeAll(async () => {
  on = await thePast();
  facts = factsOf(on);
});

function factsOf({ effects, plane, root }: LibraryPlane): TraceFacts {
  const installed = readInstalled(effects.fs, root);
  const idsWhere = (fits: (one: (typeof installed)[number]) => boolean): string[] => [
    ...new Set(installed.filter(fits).map(({ receipt }) => receipt.package_id)),
  ];
  const edges = installed.flatMap(({ receipt, manifest }) =>
    manifest.dependencies.map(({ id: to, range }) => ({
      from: receipt.package_id,
      plane_id: receipt.plane_id,
      to,
      range,
    })),
  );
  const idsGovernedBy = (id: string): string[] => [
    ...new Set(
      installed
        .filter(({ manifest }) => manifest.spec_id === id || manifest.framework_id === id)
        .map(({ receipt }) => receipt.package_id),
    ),
  ];
  const streams = ["ledger/governance.jsonl", "ledger/packages.jsonl"];
  const lines = streams.flatMap((stream) =>
    readFileSync(join(root, stream), "utf8")
      .trim()
      .split("\n")
      .map((text, index) => ({ stream, line: index + 1, text })),
  );
  const noted =
    <A extends unknown[], R>(name: string, answer: (...given: A) => R) =>
    (...given: A): R => {
      asked.push(name);
      return answer(...given);
    };
  return {
    installedIds: noted("installedIds", () => idsWhere(() => true)),
    installed: noted("installed", (id) =>
      installed
        .filter(({ receipt }) => receipt.package_id === id)
        .map(({ receipt: { plane_id, version, tier } }) => ({ plane_id, version, tier })),
    ),
    edges: noted("edges", () => edges),
    edgesFrom: noted("edgesFrom", (id) => edges.filter(({ from }) => from === id)),
    edgesTo: noted("edgesTo", (id) => edges.filter(({ to }) => to === id)),
    declared: noted("declared", (id, hash) => {
      const one = installed.find(
        ({ receipt }) => receipt.package_id === id && receipt.manifest_hash === hash,
      )?.manifest;
      const { spec_id = null, framework_id = null } = one ?? {};
      return one && { ...one, spec_id, framework_id };
    }),
    governedBy: noted("governedBy", (id) => idsGovernedBy(id)),
    likelyEdgesTo: noted("likelyEdgesTo", (id) => edges.filter(({ to }) => to === id)),
    likelyBelow: noted("likelyBelow", () => undefined),
    areCurrent: noted("areCurrent", () => true),
    ownersOfFirst: noted("ownersOfFirst", () => undefined),
    strays: noted("strays", () => undefined),
    ownersOf: noted("ownersOf", (path) =>
      idsWhere(({ receipt }) => receipt.files.some((file) => file.path === path)),
    ),
    packagesWith: noted("packagesWith", (digest) =>
      idsWhere(({ receipt }) =>
        [
          receipt.archive_hash,
          receipt.manifest_hash,
          receipt.content_digest,
          ...receipt.files.map((one) => one.sha256),
        ]
          .map(bare)
          .includes(digest),
      ),
    ),
    packagesOf: noted("packagesOf", (id) => idsWhere(({ receipt }) => receipt.transaction_id === id)),
    row: noted("row", (name, key) => {
      expect(REGISTRY_KEYS[name].length).toBe(key.length);
      for (const row of scanRows(effects.fs, `${plane.root}/registries/${name}.csv`, name))
        if (row.key === key.join("\0")) return { row: row.cells(), line: row.line };
      return null;
    }),
    lines: noted("lines", (text) => lines.filter((one) => one.text.includes(text))),
    newestLines: noted("newestLines", (text) =>
      streams.map((stream) =>
        lines.filter((one) => one.stream === stream && one.text.includes(text)).toReversed(),
      ),
    ),
    packageChanges: noted("packageChanges", () => undefined),
    packageTexts: noted("packageTexts", () => []),
    manifestHashes: noted("manifestHashes", () => undefined),
    rows: noted("rows", () => undefined),
    ownershipRows: noted("ownershipRows", () => undefined),
    ownedNames: noted("ownedNames", () => undefined),
    archivesNamed: noted("archivesNamed", () => undefined),
    archivesNoted: noted("archivesNoted", () => undefined),
  };
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("with an index the answers are the same", () => {
  test.each([
    BASE,
    `${BASE}@1.0.0`,
    "modules/base/core.py",
    "modules/base/nothing.py",
    "modules",
    "PKG-NOBODY-001",
    "REGISTRY_MISSING",
  ])("explain %s", async (subject) => {
    expect(plain(await explain(on.effects, on.plane, subject, { facts }))).toEqual(
      plain(await explain(on.effects, on.plane, subject, { facts: NO_FACTS })),
    );
  });

  test("explain a digest, a transaction, an entry", async () => {
    const { receipt } = readInstalled(on.effects.fs, on.root)[0] ?? { receipt: undefined };
    const entry = readFileSync(join(on.root, "ledger/packages.jsonl"), "utf8").match(/LED-[0-9a-f]{32}/)?.[0];
    for (const subject of [
      receipt?.files[0]?.sha256,
      receipt?.archive_hash,
      receipt?.transaction_id,
      entry,
    ]) {
      const report = await explain(on.effects, on.plane, subject ?? "", { facts });
      expect(report.found).toBe(true);
      expect(plain(report)).toEqual(
        plain(await explain(on.effects, on.plane, subject ?? "", { facts: NO_FACTS })),
      );
    }
  });

  test.each<[string, Question, { at?: string }]>([
    ["why", { ask: "why", from: MID, to: BASE }, {}],
    ["who", { ask: "who", path: "modules/base/core.py" }, {}],
    ["impact", { ask: "impact", subject: BASE }, {}],
    ["plane_at", { ask: "plane_at" }, { at: "2999-01-01" }],
  ])("%s", async (_, question, options) => {
    expect(plain(await ask(on.effects, on.plane, question, { ...options, facts }))).toEqual(
      plain(await ask(on.effects, on.plane, question, { ...options, facts: NO_FACTS })),
    );
  });

  test("an unknown package is unknown to both, with the same names suggested", async () => {
    const question: Question = { ask: "why", from: "PKG-T0-BSAE-001", to: BASE };
    const faults = await Promise.all(
      [{ facts }, {}, { facts: NO_FACTS }].map((options) =>
        ask(on.effects, on.plane, question, options).catch((error) => error),
      ),
    );
    expect(plain(faults[0])).toEqual(plain(faults[1]));
    expect(plain(faults[0])).toEqual(plain(faults[2]));
    expect(faults[0].details.near).toContain(BASE);
  });

  test("and the index was really asked, each kind of question", () => {
    expect([...new Set(asked)].sort()).toEqual([
      "archivesNamed",
      "archivesNoted",
      "areCurrent",
      "edgesFrom",
      "edgesTo",
      "installed",
      "installedIds",
      "likelyBelow",
      "likelyEdgesTo",
      "lines",
      "newestLines",
      "ownedNames",
      "ownersOf",
      "ownersOfFirst",
      "ownershipRows",
      "packageChanges",
      "packageTexts",
      "packagesOf",
      "packagesWith",
      "row",
      "rows",
      "strays",
    ]);
  });
});
