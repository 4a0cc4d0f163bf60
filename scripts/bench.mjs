/**
 * Holdfast beside its peers, in one run on one machine: medians and ratios, no verdicts on absolute times.
 * `npm run bench -- --quick` uses smaller inputs; `--only pack,start` picks sections.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dir } from "tmp-promise";
import { comparison, measure, median } from "./bench-figures.mjs";
import { benchGolden } from "./bench-golden.mjs";
import { benchAppends, benchVerify } from "./bench-ledger.mjs";
import { benchPlane } from "./bench-plane.mjs";
import { benchRuns } from "./bench-runs.mjs";
import { benchGrowth, benchTransactions } from "./bench-transactions.mjs";
import { makeTree } from "./bench-tree.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const quick = process.argv.includes("--quick");
const only = process.argv.find((word, index) => process.argv[index - 1] === "--only")?.split(",");
execFileSync(process.execPath, [join(ROOT, "scripts/build.mjs")], { stdio: ["ignore", "ignore", "inherit"] });

const { path: scratch, cleanup } = await dir({ prefix: "holdfast-bench", unsafeCleanup: true });
const env = {
  PATH: process.env.PATH,
  HOME: scratch,
  HOLDFAST_HOME: join(scratch, "keys"),
  LC_ALL: "C.UTF-8",
};
const python = execFileSync("python3", ["-c", "import sys; print(sys.executable)"], {
  encoding: "utf8",
}).trim();
let rows = 0;

const bin = (program) => join(ROOT, "bin", `${program}.cjs`);
const has = (tool) => spawnSync("sh", ["-c", `command -v ${tool}`]).status === 0;

const run = (file, args, options = {}) => measure({ python, env }, file, args, options);
const holdfast = (program, args, options) => run(process.execPath, [bin(program), ...args], options);

function show(what, ours, peers) {
  rows += 1;
  console.log(comparison(what, ours, peers));
}

function makePlane(name, more = {}) {
  const root = join(scratch, name);
  const made = JSON.parse(holdfast("pkg", ["init", root, "--json"], { env: { ...env, ...more } }).stdout);
  return { root, token: ["--token-file", made.token_file] };
}

const tools = { scratch, env, python, has, run, median };

const sections = {
  start() {
    const runs = quick ? 11 : 31;
    const bare = median(runs, () => run(process.execPath, ["-e", "0"]));
    show(
      "start-up: pkg --version",
      median(runs, () => holdfast("pkg", ["--version"])),
      { "node -e 0": bare },
    );
    show(
      "start-up: pkg --help",
      median(runs, () => holdfast("pkg", ["--help"])),
      { "node -e 0": bare },
    );
  },
  pack() {
    const files = quick ? 200 : 1000;
    const plane = makePlane("pack");
    const source = join(plane.root, "modules/big");
    makeTree(source, files, 52_429);
    const python_tar = (level, index) =>
      run(python, [
        "-c",
        `import tarfile,sys\nt=tarfile.open(sys.argv[2],"w:gz",compresslevel=${level})\nt.add(sys.argv[1],arcname="big")\nt.close()`,
        source,
        join(scratch, `py${level}-${index}.tgz`),
      ]);
    const ours = median(3, () =>
      holdfast("pkg", [
        "pack",
        "--src",
        source,
        "--id",
        "PKG-T2-BIG-001",
        "--replace",
        "--root",
        plane.root,
        ...plane.token,
      ]),
    );
    show(
      `pack ${files} files, ${((files * 52_429) / 1e6).toFixed(0)} MB (with manifest, registry, ledger, all synced)`,
      ours,
      {
        "python tarfile level 6": median(3, (index) => python_tar(6, index)),
        "python tarfile level 9": median(3, (index) => python_tar(9, index)),
        "GNU tar | gzip -6": median(3, () =>
          run("sh", ["-c", `tar cf - -C ${plane.root}/modules big | gzip -6 > ${scratch}/gnu.tgz`]),
        ),
      },
    );
  },
  transactions() {
    const given = { ...tools, holdfast, makePlane };
    for (const [files, bytes_each] of quick
      ? [[200, 52_429]]
      : [
          [1000, 52_429],
          [20_000, 1_000],
        ]) {
      const size = `${files} files / ${((files * bytes_each) / 1e6).toFixed(0)} MB`;
      for (const [verb, ours, peers] of benchTransactions(given, files, bytes_each))
        show(`${verb} ${size}`, ours, peers);
    }
    for (const [size, figures] of benchGrowth(given, quick ? [1000, 5000] : [1000, 10_000, 100_000]))
      show(`install of 200 files where ${size} are governed`, figures, {});
  },
  memory() {
    const gib = quick ? 0.25 : 2;
    const plane = makePlane("memory");
    mkdirSync(join(plane.root, "modules/huge"), { recursive: true });
    const chunk = randomBytes(1 << 20);
    for (let file = 0; file < 8; file++) {
      const fd = openSync(join(plane.root, `modules/huge/part${file}.dat`), "w");
      for (let mib = 0; mib < gib * 128; mib++) {
        chunk.writeUInt32LE(mib, 0);
        writeSync(fd, mib % 2 === 0 ? chunk : Buffer.alloc(1 << 20, `line ${mib} of many\n`));
      }
      closeSync(fd);
    }
    const pack = holdfast("pkg", [
      "pack",
      "--src",
      join(plane.root, "modules/huge"),
      "--id",
      "PKG-T2-HUGE-001",
      "--root",
      plane.root,
      ...plane.token,
    ]);
    show(`pack ${gib} GiB in 8 files (look at the memory)`, pack, {});
    const target = makePlane("memory-install");
    const archive = join(plane.root, "packages_store/PKG-T2-HUGE-001.tar.gz");
    show(
      `install ${gib} GiB`,
      holdfast("pkg", [
        "install",
        "--archive",
        archive,
        "--digest",
        readFileSync(`${archive}.sha256`, "utf8"),
        "--root",
        target.root,
        ...target.token,
      ]),
      {},
    );
    rmSync(plane.root, { recursive: true });
    rmSync(target.root, { recursive: true });
  },
  integrity() {
    const files = quick ? 5_000 : 50_000;
    const plane = makePlane("integrity");
    const source = join(plane.root, "modules/many");
    makeTree(source, files, 1_000);
    holdfast("pkg", [
      "pack",
      "--src",
      source,
      "--id",
      "PKG-T2-MANY-001",
      "--root",
      plane.root,
      ...plane.token,
    ]);
    holdfast("pkg", ["install", "PKG-T2-MANY-001", "--root", plane.root, ...plane.token]);
    const sums = join(scratch, "sums");
    const list = readdirSync(source, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    writeFileSync(
      sums,
      list
        .map((path) => `${createHash("sha256").update(readFileSync(path)).digest("hex")}  ${path}\n`)
        .join(""),
    );
    const ours = median(5, () => holdfast("integrity-check", ["--root", plane.root, "--json"]));
    show(`integrity over ${files} files (both directions, ownership, registries, ledger)`, ours, {
      "sha256sum -c": median(5, () => run("sha256sum", ["-c", "--quiet", sums])),
    });
    const path = list[files >> 1].slice(plane.root.length + 1);
    show(
      "trace --explain of one of those files",
      median(5, () => holdfast("trace", ["--explain", path, "--root", plane.root])),
      {
        "dpkg -S of one file": has("dpkg") ? median(5, () => run("dpkg", ["-S", "/bin/ls"])) : undefined,
      },
    );
  },
  async plane() {
    const sizes = quick
      ? { packages: 200, files: 50, entries: 20_000 }
      : { packages: 1_000, files: 50, entries: 100_000 };
    for await (const row of benchPlane({ ...tools, holdfast, makePlane }, sizes)) show(...row);
  },
  async run() {
    for (const row of await benchRuns({ ...tools, holdfast, makePlane }, quick)) show(...row);
  },
  async ledger() {
    for (const row of await benchAppends(scratch, quick ? 500 : 3000)) show(...row);
    for (const row of await benchVerify(scratch, quick ? 100_000 : 1_000_000)) show(...row);
  },
  golden() {
    for (const row of benchGolden({ ...tools, root: ROOT }, quick ? 20 : 100)) show(...row);
  },
};

try {
  console.log(
    `node ${process.versions.node}, ${availableParallelism()} cores (${cpus()[0]?.model ?? "unknown"}), ${quick ? "quick" : "full"} inputs`,
  );
  for (const [name, section] of Object.entries(sections)) {
    if (only === undefined || only.includes(name)) await section();
  }
  if (rows === 0) throw new Error("no section ran");
  console.log(`\n${rows} measurements`);
} finally {
  await cleanup();
}
