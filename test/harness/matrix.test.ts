/** Which cells a plugin has, and what is said of them. */
import semver from "semver";
import { describe, expect, test } from "vitest";
import type { MatrixCell, MatrixPoint, MatrixWaiver } from "../../src/contracts/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import {
  closeMatrix,
  findHosts,
  planMatrix,
  programsOf,
  readMatrix,
  readWaivers,
  requireTrusted,
} from "../../src/harness/index.ts";
import type { Attempt } from "../../src/harness/matrix/attempt.ts";
import { edgesOf } from "../../src/harness/matrix/axes.ts";
import { mergeMatrices } from "../../src/harness/matrix/merge-matrix.ts";
import { judgeCell } from "../../src/harness/matrix/run-cell.ts";
import { temporaryFolder, writeTree } from "../support/tree.ts";

const effects = nodeEffects();
const code = (name: string): Error => expect.objectContaining({ code: name }) as Error;

const host = (version: string, ...apis: string[]) => ({
  name: "workbench",
  version,
  apis,
  command: ["node", "main.mjs"],
  folder: "/hosts",
  is_built_in: true,
});
const HOSTS = [host("1.0.0", "1.0.0"), host("2.0.0", "1.0.0", "2.0.0"), host("3.0.0", "2.0.0", "3.0.0")];
const PYTHONS = ["3.9.18", "3.11.7", "3.12.1", "3.13.0"];
const version = (number: string, compat: Record<string, string>, runtime: "python" | "node" = "python") => ({
  version: number,
  metadata: { compat, plugin: { runtime } as never },
});
const plan = (compat: Record<string, string>, asked: Parameters<typeof planMatrix>[1] = {}) =>
  planMatrix([version("1.0.0", compat)], asked, { hosts: HOSTS, pythons: PYTHONS }).points;
const values = (points: readonly MatrixPoint[], of: (point: MatrixPoint) => string | null): string[] =>
  [...new Set(points.map(of))].map(String);

describe("cells", () => {
  test.each([
    [">=1.0.0 <3.0.0", ["1.0.0", "2.0.0"], null, "3.0.0"],
    [">=2.0.0 <3.0.0", ["2.0.0"], "1.0.0", "3.0.0"],
    ["^3.0.0", ["3.0.0"], "2.0.0", null],
    [">=4.0.0", [], "3.0.0", null],
    ["^1.0.0 || ^3.0.0", ["1.0.0", "3.0.0"], null, null],
    [undefined, ["1.0.0", "2.0.0", "3.0.0"], null, null],
  ])("of %s are those inside, and the nearest on either side", (range, inside, below, above) => {
    expect(edgesOf(range, ["3.0.0", "1.0.0", "2.0.0"])).toEqual({ inside, below, above });
  });

  test("come from the ranges: the ends of the Pythons, and one step beyond", () => {
    const points = plan({ host: "^2.0.0", api: "^2.0.0", python: ">=3.11.0 <3.13.0" });
    expect(values(points, ({ host: { version: one } }) => one)).toEqual(["1.0.0", "2.0.0", "3.0.0"]);
    expect(values(points, ({ api }) => api)).toEqual(["1.0.0", "2.0.0", "3.0.0"]);
    expect(values(points, ({ python }) => python)).toEqual(["3.9.18", "3.11.7", "3.12.1", "3.13.0"]);
    const inside = points.filter(({ outside }) => outside.length === 0);
    expect(inside.map(({ id }) => id)).toEqual([
      "1.0.0 workbench@2.0.0 api@2.0.0 python@3.11.7",
      "1.0.0 workbench@2.0.0 api@2.0.0 python@3.12.1",
    ]);
  });

  test("that are asked for are all there, also those that cannot be run", () => {
    const points = plan({}, { hosts: ["2.0.0"], apis: ["2"], pythons: ["3.9", "3.14"] });
    expect(points.map(({ id }) => id)).toEqual([
      "1.0.0 workbench@2.0.0 api@2.0.0 python@3.9.18",
      "1.0.0 workbench@2.0.0 api@2.0.0 python@3.14",
    ]);
    expect(() => plan({}, { hosts: ["workbench@9.0.0"] })).toThrow(code("MATRIX_AXIS"));
  });

  test("of what runs in Node have no Python", () => {
    const { points } = planMatrix(
      [version("1.0.0", {}, "node")],
      { apis: ["1.0.0"] },
      { hosts: HOSTS, pythons: PYTHONS },
    );
    expect(points.map(({ python }) => python)).toEqual([null, null, null]);
  });

  test("a number of Python that is only begun lies in the range its minor does", () => {
    const [point] = plan({ python: "<3.14.0" }, { hosts: ["1.0.0"], apis: ["1.0.0"], pythons: ["3.14"] });
    expect(point?.outside).toEqual(["python"]);
    expect(semver.valid("3.14")).toBeNull();
  });
});

const INSIDE: MatrixPoint = {
  id: "1.0.0 workbench@1.0.0 api@1.0.0",
  version: "1.0.0",
  host: { name: "workbench", version: "1.0.0" },
  api: "1.0.0",
  python: null,
  outside: [],
};
const OUTSIDE: MatrixPoint = { ...INSIDE, id: "1.0.0 workbench@3.0.0 api@3.0.0", outside: ["host"] };
const RAN: Attempt = {
  refused_by: null,
  works: true,
  interpreter: "/bin/x",
  checks: 4,
  problems: [],
  broken: [],
};
const WRONG = { code: "OUTPUT", message: "it answered wrongly", next_step: "Correct it." };

const close = (
  cells: MatrixCell[],
  more: { waivers?: MatrixWaiver[]; planned?: MatrixPoint[]; shard?: string; programs_digest?: string } = {},
) =>
  closeMatrix(
    {
      schema_version: "1.0",
      package_id: "PKG-T3-NOTES-001",
      harness: { version: "1.0.0", digest: "0".repeat(64) },
      programs_digest: more.programs_digest ?? "1".repeat(64),
      host_digests: {},
      environment: { os: "linux", arch: "x64", node: "24.0.0", python: null, host: "1.0.0", api: "1.0.0" },
      began_at: "2026-01-01T00:00:00.000Z",
      duration_ms: 1,
      shard: more.shard ?? null,
      swept_folders: 0,
      versions: [],
      edges: [],
      waivers: more.waivers ?? [],
      planned: more.planned ?? cells,
      cells,
    },
    "2026-06-01",
  );

describe("verdicts", () => {
  test.each([
    ["right answers inside", INSIDE, RAN, "pass", []],
    [
      "wrong answers inside",
      INSIDE,
      { ...RAN, works: false, problems: [WRONG] },
      "fail",
      ["FAILED_INSIDE_RANGE"],
    ],
    [
      "a refusal inside",
      INSIDE,
      { ...RAN, refused_by: "preflight", works: null, problems: [WRONG] },
      "fail",
      ["FAILED_INSIDE_RANGE"],
    ],
    ["a child left inside", INSIDE, { ...RAN, problems: [WRONG] }, "fail", ["FAILED_INSIDE_RANGE"]],
    [
      "an API the host does not serve",
      INSIDE,
      { ...RAN, refused_by: "host", works: null },
      "refused-as-declared",
      [],
    ],
    [
      "a refusal outside",
      OUTSIDE,
      { ...RAN, refused_by: "preflight", works: false },
      "refused-as-declared",
      [],
    ],
    [
      "a refusal of what works",
      OUTSIDE,
      { ...RAN, refused_by: "preflight" },
      "refused-as-declared",
      ["RANGE_TOO_NARROW"],
    ],
    ["no refusal outside", OUTSIDE, RAN, "fail", ["RAN_OUTSIDE_RANGE"]],
    ["a host that lies", INSIDE, { ...RAN, broken: [WRONG] }, "infra-failure", []],
  ] as const)("%s", (_what, point, attempt, verdict, findings) => {
    const cell = judgeCell(point, attempt);
    const good = judgeCell({ ...INSIDE, id: "another" }, RAN);
    expect(cell.verdict).toBe(verdict);
    const closed = close([cell, good]);
    expect(closed.findings.map((one) => one.code)).toEqual(findings);
    expect(closed.healthy).toBe(verdict === "pass" || verdict === "refused-as-declared");
  });

  test("a matrix in which nothing ran proves nothing", () => {
    const closed = close([judgeCell(OUTSIDE, { ...RAN, refused_by: "preflight", works: false })]);
    expect(closed).toMatchObject({ healthy: false, findings: [{ code: "NOTHING_RAN" }] });
  });
});

const good = judgeCell(INSIDE, RAN);
const other = judgeCell({ ...INSIDE, id: "1.0.0 workbench@2.0.0 api@1.0.0" }, RAN);
const waiver = (more: Partial<MatrixWaiver> = {}): MatrixWaiver => ({
  cell: "* workbench@2.0.0 *",
  owner: "somebody",
  reason: "the machine has none yet",
  expires: "2026-12-31",
  ...more,
});

describe("a cell that was removed", () => {
  const planned = [INSIDE, { ...INSIDE, id: other.id }];
  const shards = (...cells: MatrixCell[][]) =>
    cells.map((own, at) => ({
      path: `${at + 1}.json`,
      matrix: close(own, { planned, shard: `${at + 1}/2`, waivers }),
    }));
  let waivers: MatrixWaiver[] = [];

  test("is not run, red, and named", () => {
    waivers = [];
    expect(mergeMatrices(shards([good], [other]), "2026-06-01")).toMatchObject({
      healthy: true,
      shard: null,
    });
    const merged = mergeMatrices(shards([good], []), "2026-06-01");
    expect(merged).toMatchObject({ healthy: false, totals: { cells: 2, pass: 1, not_run: 1 } });
    expect(merged.findings).toMatchObject([{ code: "CELL_NOT_RUN", subject: other.id }]);
  });

  test("is waived by an owner until a day, and not after it", () => {
    waivers = [waiver()];
    const merged = mergeMatrices(shards([good], []), "2026-06-01");
    expect(merged).toMatchObject({ healthy: true, totals: { not_run: 1, waived: 1 }, findings: [] });
    expect(mergeMatrices(shards([good], []), "2027-01-01").findings).toMatchObject([
      { code: "CELL_NOT_RUN" },
      { code: "WAIVER_EXPIRED", severity: "error" },
    ]);
    const unused = mergeMatrices(shards([good], [other]), "2026-06-01");
    expect(unused).toMatchObject({ healthy: true, findings: [{ code: "WAIVER_UNUSED", severity: "note" }] });
  });

  test("is not filled by a shard that ran other host programs", () => {
    waivers = [];
    const [one, two] = shards([good], [other]);
    const strange = close([other], { planned, shard: "2/2", programs_digest: "2".repeat(64) });
    expect(() => mergeMatrices([one, { ...two, matrix: strange }] as never, "2026-06-01")).toThrow(
      /another set of host programs/,
    );
  });

  test("cannot be replaced by one of another shard", () => {
    waivers = [];
    expect(() => mergeMatrices(shards([other], [good]), "2026-06-01")).toThrow(code("MERGE_REFUSED"));
  });
});

describe("the digest of the programs", () => {
  const digestIn = (folder: string, more: Partial<Parameters<typeof programsOf>[1]> = {}) => {
    const hosts = findHosts(effects, { product: folder, checkout: folder });
    const points = [{ host: { name: "workbench", version: "1.0.0" } }];
    return programsOf(effects, { hosts, points, versions: [{ digest: "a".repeat(64) }], ...more });
  };
  const FILES = {
    "golden/hosts/a/host.toml":
      'name = "workbench"\nversion = "1.0.0"\napis = ["1.0.0"]\ncommand = ["node", "lib/main.mjs"]\n',
    "golden/hosts/a/lib/main.mjs": "1;\n",
    "golden/hosts/shared.mjs": "2;\n",
  };

  test("is of their bytes, wherever they lie and whatever was not used", () => {
    const [one, two] = [temporaryFolder(), temporaryFolder()];
    writeTree(one, FILES);
    writeTree(two, {
      ...FILES,
      "golden/hosts/a/__pycache__/x.pyc": "compiled",
      "golden/hosts/b/host.toml": 'name = "other"\nversion = "1.0.0"\napis = ["1.0.0"]\ncommand = ["node"]\n',
    });
    expect(digestIn(two)).toEqual(digestIn(one));
    const another = digestIn(one, { versions: [{ digest: "b".repeat(64) }] });
    expect(another.programs_digest).not.toBe(digestIn(one).programs_digest);
    expect(another.host_digests).toEqual(digestIn(one).host_digests);
  });

  test.each(Object.keys(FILES))("changes with %s", (path) => {
    const [one, two] = [temporaryFolder(), temporaryFolder()];
    writeTree(one, FILES);
    const text = FILES[path as keyof typeof FILES];
    writeTree(two, { ...FILES, [path]: `${text}${path.endsWith("toml") ? "# " : "// "}changed\n` });
    const [first, second] = [digestIn(one), digestIn(two)];
    expect(second.programs_digest).not.toBe(first.programs_digest);
    expect(second.host_digests["workbench@1.0.0"]).not.toBe(first.host_digests["workbench@1.0.0"]);
  });
});

describe("files", () => {
  test("waivers ask for owner, reason and expiry; dates may be dates", () => {
    const folder = temporaryFolder();
    const path = `${folder}/waivers.toml`;
    expect(readWaivers(effects, path, "w")).toEqual([]);
    writeTree(folder, {
      "waivers.toml": '[[waive]]\ncell = "*"\nowner = "a"\nreason = "long enough"\nexpires = 2026-12-31\n',
    });
    expect(readWaivers(effects, path, "w")).toMatchObject([{ expires: "2026-12-31" }]);
    writeTree(folder, {
      "waivers.toml": '[[waive]]\ncell = "*"\nreason = "long enough"\nexpires = 2026-12-31\n',
    });
    expect(() => readWaivers(effects, path, "w")).toThrow(code("MATRIX_INVALID"));
  });

  test("a matrix without a version, and a host without an API, are refused", () => {
    const folder = temporaryFolder();
    writeTree(folder, {
      "a.matrix.toml": 'schema_version = "1.0"\nname = "a"\n[packages]\n',
      "golden/hosts/a/host.toml": 'name = "a"\nversion = "1.0.0"\napis = []\ncommand = ["node"]\n',
    });
    expect(() => readMatrix(effects, `${folder}/a.matrix.toml`, "a")).toThrow(code("MATRIX_INVALID"));
    expect(() => findHosts(effects, { product: `${folder}/none`, checkout: folder })).toThrow(
      code("HOST_INVALID"),
    );
  });

  test("a host of a checkout is not run before somebody trusts it, also where it takes a name of ours", () => {
    const [product, checkout] = [temporaryFolder(), temporaryFolder()];
    const toml = (number: string) =>
      `name = "workbench"\nversion = "${number}"\napis = ["1.0.0"]\ncommand = ["sh", "-c", "true"]\n`;
    writeTree(product, {
      "golden/hosts/a/host.toml": toml("1.0.0"),
      "golden/hosts/b/host.toml": toml("2.0.0"),
    });
    writeTree(checkout, { "golden/hosts/z/host.toml": toml("2.0.0") });
    const hosts = findHosts(effects, { product, checkout });
    const points = (number: string) => [{ host: { name: "workbench", version: number } }];
    requireTrusted(hosts, points("1.0.0"), "notes");
    expect(() => requireTrusted(hosts, points("2.0.0"), "notes")).toThrow(
      expect.objectContaining({
        code: "HOST_UNTRUSTED",
        exit_code: 3,
        next_step: expect.stringContaining('"golden matrix notes --trust-hosts"'),
      }),
    );
    const own = findHosts(effects, { product, checkout: product });
    requireTrusted(own, points("2.0.0"), "notes");
  });
});
