/** Each class of path, tampered with in each way: verdict, owner and cure are right, and the cure works when pasted. */
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { CLASSIFICATIONS, type IntegrityReport, type JudgedPath } from "../../src/contracts/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { checkIntegrity } from "../../src/integrity/index.ts";
import { sha256Hex } from "../../src/kernel/index.ts";
import { openPlane } from "../../src/plane/index.ts";
import { makePlane, type PlaneUnderTest, REPOSITORY } from "../support/cli.ts";
import { ok, planesLike, put } from "./scenes.ts";

const ID = "PKG-T2-KINDS-001";
const OTHER = "PKG-T2-OTHER-001";
const FOLDER = "lib/kinds";

const KINDS = CLASSIFICATIONS.flatMap((as) =>
  [`first_${as}.py`, `second_${as}.py`].map((name) => ({ name, as })),
);

/** Two packages: one with two files of each class, one beside it to exchange things with. */
function kindsPlane(folder: string): PlaneUnderTest {
  const plane = makePlane({ folder });
  for (const [id, name, files] of [
    [ID, "kinds", KINDS],
    [OTHER, "other", [{ name: "other.py", as: "code" }]],
  ] as const) {
    const lines = files.map(({ name: file, as }) => `  { match = "${file}", as = "${as}" },`);
    const metadata = [
      `id = "${id}"`,
      'version = "1.0.0"',
      `target = "lib/${name}"`,
      "classify = [",
      ...lines,
      "]",
      "",
    ];
    put(plane, `modules/${name}/holdfast.toml`, metadata.join("\n"));
    for (const file of files)
      put(plane, `modules/${name}/${file.name}`, `TEXT = "${file.name.padEnd(24)}"\n`);
    ok(plane, "pkg", "pack", "--src", `modules/${name}`);
    ok(plane, "pkg", "install", id);
  }
  return plane;
}
const planeWithKinds = planesLike(kindsPlane);

/** The commands a cure may name, as they are when installed. */
function paste(plane: PlaneUnderTest, commands: readonly string[]): void {
  const bin = join(plane.home, "bin");
  mkdirSync(bin, { recursive: true });
  for (const program of ["integrity-check", "pkg", "trace"]) {
    const script = `#!/bin/sh\nexec '${process.execPath}' '${join(REPOSITORY, "bin", program)}.cjs' "$@"\n`;
    writeFileSync(join(bin, program), script, { mode: 0o755 });
  }
  const env = { ...plane.env, PATH: `${bin}:${plane.env["PATH"]}` };
  plane.run("sh", ["-c", commands.join("\n")], { env });
}

/** The same judgement as the program, without starting one. */
async function checked(plane: PlaneUnderTest): Promise<IntegrityReport> {
  const effects = nodeEffects({ host: { home: plane.home, cwd: plane.root, env: plane.env } });
  const opened = openPlane(effects, plane.root);
  const folder = join(plane.root, "scripts");
  const launchers = readdirSync(folder).map(
    (name) => [`scripts/${name}`, sha256Hex(readFileSync(join(folder, name)))] as const,
  );
  return checkIntegrity(effects, opened, { orphans: false, launchers: new Map(launchers) });
}

type Tampering = (path: string, other: string) => void;
const flip: Tampering = (path) => {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
};
const WAYS = {
  "byte flip": flip,
  truncate: (path) => truncateSync(path, Math.floor(statSync(path).size / 2)),
  "executable bit": (path) => chmodSync(path, 0o755),
  delete: (path) => unlinkSync(path),
  symlink: (path) => {
    const away = join(dirname(dirname(dirname(dirname(path)))), `copy of ${basename(path)}`);
    copyFileSync(path, away);
    unlinkSync(path);
    symlinkSync(away, path);
  },
  "swap two files": (path, other) => {
    renameSync(path, `${path}.tmp`);
    renameSync(other, path);
    renameSync(`${path}.tmp`, other);
  },
  "mtime restored": (path, other) => {
    const { atime, mtime } = statSync(path);
    flip(path, other);
    utimesSync(path, atime, mtime);
  },
} satisfies Record<string, Tampering>;
type Way = keyof typeof WAYS;
const ALL = Object.keys(WAYS) as Way[];

const about = (report: IntegrityReport): Map<string, JudgedPath> =>
  new Map([...report.paths, ...report.records].map((one) => [one.path, one]));

describe("installed files of every class", () => {
  test.each(ALL)("%s", async (way) => {
    const plane = planeWithKinds();
    const [firsts, seconds] = ["first", "second"].map((name) =>
      CLASSIFICATIONS.map((as) => `${FOLDER}/${name}_${as}.py`),
    );
    for (const [index, path] of (firsts ?? []).entries())
      WAYS[way](join(plane.root, path), join(plane.root, seconds?.[index] ?? ""));
    const touched = way === "swap two files" ? [...(firsts ?? []), ...(seconds ?? [])] : (firsts ?? []);
    const done = plane.run("integrity-check", ["--json"]);
    const report = done.json() as IntegrityReport;
    expect([done.status, report.healthy]).toEqual([1, false]);
    const judged = about(report);
    for (const path of touched)
      expect(judged.get(path), path).toMatchObject({
        verdict: way === "delete" ? "missing" : "drift",
        owner: ID,
        classification: /_([a-z]+)\.py$/.exec(path)?.[1],
        cause: { event: "INSTALLED", stream: "ledger/packages.jsonl" },
        cure: expect.any(String),
      });
    expect([...judged.keys()].sort()).toEqual([...touched].sort());
    paste(plane, [...new Set(report.paths.map(({ cure }) => cure ?? "false"))]);
    const after = await checked(plane);
    // What is mine to edit keeps the permissions I gave it.
    const left = after.paths.map(({ path, classification }) => [path, classification]);
    const mine = left.every(([, as]) => as === "config" || as === "state");
    expect(way === "executable bit" ? mine : left).toEqual(way === "executable bit" ? true : []);
    expect(after.healthy).toBe(true);
  });

  test("add", async () => {
    const plane = planeWithKinds();
    const added = CLASSIFICATIONS.map((as) => `${FOLDER}/third_${as}.py`);
    for (const path of added) put(plane, path, "x");
    const report = await checked(plane);
    const judged = about(report);
    expect([...judged.keys()].sort()).toEqual([...added].sort());
    for (const path of added)
      expect(judged.get(path)).toMatchObject({ verdict: "unowned", owner: null, cure: `rm ${path}` });
    paste(
      plane,
      report.paths.map(({ cure }) => cure ?? "false"),
    );
    expect(await checked(plane)).toMatchObject({ healthy: true, findings: [] });
  });
});

describe("bytecode beside an owned source", () => {
  const makeCaches = (plane: PlaneUnderTest): [string, string] => {
    const run = "import compileall,sys; compileall.compile_dir('lib/kinds', quiet=1)";
    ok(plane, "python3", "-c", run);
    const names = readdirSync(join(plane.root, FOLDER, "__pycache__"));
    const cacheOf = (name: string): string =>
      `${FOLDER}/__pycache__/${names.find((one) => one.startsWith(`${name}.`)) ?? ""}`;
    return [cacheOf("first_code"), cacheOf("second_code")];
  };
  const EXPECTED: Record<Way, string | undefined> = {
    "byte flip": "unowned",
    truncate: "unowned",
    "executable bit": undefined,
    delete: undefined,
    symlink: "unowned",
    "swap two files": "unowned",
    "mtime restored": "unowned",
  };

  test("each way, and one more", async () => {
    const plane = planeWithKinds();
    const [cache, other] = makeCaches(plane);
    expect((await checked(plane)).counts.cache).toBe(KINDS.length);
    for (const way of ALL) {
      const kept = [cache, other].map((path) => readFileSync(join(plane.root, path)));
      WAYS[way](join(plane.root, cache), join(plane.root, other));
      const report = await checked(plane);
      const judged = about(report).get(cache);
      expect([way, judged?.verdict, judged?.owner ?? null]).toEqual([way, EXPECTED[way], null]);
      expect([way, report.healthy]).toEqual([way, EXPECTED[way] === undefined]);
      paste(
        plane,
        report.paths.map(({ cure }) => cure ?? "false"),
      );
      expect([way, (await checked(plane)).healthy]).toEqual([way, true]);
      for (const [index, path] of [cache, other].entries())
        writeFileSync(join(plane.root, path), kept[index] ?? "", { mode: 0o644 });
    }
    const more = cache.replace("first_code", "third_code");
    copyFileSync(join(plane.root, cache), join(plane.root, more));
    expect(about(await checked(plane)).get(more)).toMatchObject({
      verdict: "unowned",
      owner: null,
      cure: `rm ${more}`,
    });
  }, 60_000);
});

describe("the plane's own truth", () => {
  interface Kind {
    readonly path: string;
    readonly other: string;
    readonly owner: string;
    readonly classification: string;
    /** Appends what looks like one more. */
    readonly add: (path: string) => void;
  }
  const appendLine = (path: string): void =>
    appendFileSync(path, `${readFileSync(path, "utf8").trimEnd().split("\n").at(-1)}\n`);
  const KINDS_OF_RECORDS: Record<string, Kind> = {
    receipt: {
      path: `installed/${ID}/receipt.json`,
      other: `installed/${OTHER}/receipt.json`,
      owner: ID,
      classification: "state",
      add: (path) => appendFileSync(path, "\n"),
    },
    registry: {
      path: "registries/file_ownership.csv",
      other: "registries/packages_state.csv",
      owner: "holdfast",
      classification: "data",
      add: appendLine,
    },
    ledger: {
      path: "ledger/packages.jsonl",
      other: "ledger/governance.jsonl",
      owner: "holdfast",
      classification: "state",
      add: appendLine,
    },
    archive: {
      path: `packages_store/${ID}-1.0.0.tar.gz`,
      other: `packages_store/${OTHER}-1.0.0.tar.gz`,
      owner: ID,
      classification: "data",
      add: (path) => appendFileSync(path, "x"),
    },
    configuration: {
      path: "config/plane.toml",
      other: ".gitignore",
      owner: "holdfast",
      classification: "config",
      add: (path) => appendFileSync(path, "# x\n"),
    },
  };
  /** Without it, or with half of it, there is no plane to open. */
  const NO_PLANE = ["delete", "truncate", "byte flip", "mtime restored", "symlink", "swap two files"];

  test.each(Object.keys(KINDS_OF_RECORDS))(
    "%s",
    async (name) => {
      const kind = KINDS_OF_RECORDS[name];
      if (kind === undefined) throw new Error(name);
      const plane = planeWithKinds();
      const [path, other] = [join(plane.root, kind.path), join(plane.root, kind.other)];
      expect((await checked(plane)).healthy).toBe(true);
      for (const way of [...ALL, "add"] as const) {
        const kept = [path, other].map((one) => readFileSync(one));
        if (way === "add") kind.add(path);
        else WAYS[way](path, other);
        if (name === "configuration" && NO_PLANE.includes(way) && !readable(plane)) {
          expect([way, plane.run("integrity-check", ["--json"]).status]).not.toEqual([way, 0]);
        } else {
          const judged = about(await checked(plane)).get(kind.path);
          const { owner, classification } = kind;
          expect([way, judged]).toMatchObject([
            way,
            { verdict: existsSync(path) ? "drift" : "missing", owner, classification },
          ]);
        }
        for (const [index, one] of [path, other].entries()) {
          if (statSync(one, { throwIfNoEntry: false }) !== undefined) unlinkSync(one);
          writeFileSync(one, kept[index] ?? "", { mode: 0o644 });
        }
      }
      expect(await checked(plane)).toMatchObject({ healthy: true, records: [] });
    },
    60_000,
  );

  function readable(plane: PlaneUnderTest): boolean {
    try {
      openPlane(nodeEffects({ host: { env: plane.env, home: plane.home } }), plane.root);
      return true;
    } catch {
      return false;
    }
  }

  test("cures of a changed latest archive and of permissions work when pasted", async () => {
    const plane = planeWithKinds();
    appendFileSync(join(plane.root, `packages_store/${ID}.tar.gz`), "x");
    chmodSync(join(plane.root, "registries/packages_registry.csv"), 0o777);
    chmodSync(join(plane.root, "config/plane.toml"), 0o666);
    appendFileSync(join(plane.root, "registries/frameworks_registry.csv"), "");
    const report = await checked(plane);
    expect(report.records.map((one) => one.path)).toEqual([
      "config/plane.toml",
      `packages_store/${ID}.tar.gz`,
      "registries/packages_registry.csv",
    ]);
    paste(
      plane,
      report.records.map(({ cure }) => cure ?? "false"),
    );
    expect(await checked(plane)).toMatchObject({ healthy: true, records: [] });
  });
});
