/**
 * `npm run build`: dist/lib (the library, one module a file, with declarations) and dist/cli (the programs, bundled with their
 * dependencies because reading hundreds of small modules costs more than all our work at start-up).
 * Does nothing when no input changed. Both folders are made aside and renamed into place.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { capture, seconds } from "./capture.mjs";
import { sourcesDigest } from "./sources-digest.mjs";
import { orStop, Stop } from "./stop.mjs";

const ROOT = join(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");
const STAMP = join(DIST, ".built-from");
const INPUTS = [
  "src",
  "tsconfig.json",
  "tsconfig.build.json",
  "package.json",
  "package-lock.json",
  "scripts/build.mjs",
];
/** Each becomes dist/cli/<file name>.js; what they share becomes chunks. */
const ENTRIES = [
  "src/bin/main.ts",
  "src/effects/node/digest-worker.ts",
  "src/archive/deflate-worker.ts",
  "src/ledger/scan-worker.ts",
  "src/bin/ledger-worker.ts",
];

/**
 * Programs of one operation that are asked often get a bundle of their own, dist/cli/<operation>.js, with nothing in it that
 * others need: what is read and evaluated at their start is a third of what all operations share.
 */
const ALONE = ["trace", "integrity-check"];

/** zod carries some fifty translations of its messages, each evaluated at every start; ours are English. */
const ENGLISH_ONLY = {
  name: "english-only",
  setup: ({ onLoad }) =>
    onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
      loader: "js",
    })),
};

/** Named through the namespace object all of zod stays; as a namespace import only what is named does. */
const ZOD_BY_PARTS = {
  name: "zod-by-parts",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]src[\\/](?:contracts|operations)[\\/].*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace('import { z } from "zod";', 'import * as z from "zod";'),
      loader: "ts",
    })),
};

/** The list of operations with only one in it. */
const only = (name) => ({
  name: "one-operation",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]src[\\/]operations[\\/]index\.ts$/ }, ({ path }) => {
      const table = readFileSync(join(path, "../table.ts"), "utf8");
      const row = table
        .split("\n")
        .find((line) => line.trim().replaceAll('"', "").startsWith(`${name}: async`));
      if (row === undefined)
        throw new Error(`src/operations/table.ts has no row for ${name}, which gets a bundle of its own`);
      return {
        contents: `const erase = (one) => one; export const OPERATIONS = {\n${row}\n};`,
        loader: "ts",
      };
    }),
});

const SETTINGS = {
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22",
  legalComments: "linked",
  logLevel: "silent",
  metafile: true,
  define: { HOLDFAST_BUNDLED: "true" },
  // Names stay, so that the stack of a bug can be read; less to read at every start.
  minifyWhitespace: true,
  minifySyntax: true,
  // Its CommonJS form hides its parts from a bundler.
  alias: { "jsonc-parser": "jsonc-parser/lib/esm/main.js" },
  // Bundled CommonJS packages still call require() for Node's own modules.
  banner: {
    js: 'import { createRequire as holdfastRequire } from "node:module"; const require = holdfastRequire(import.meta.url);',
  },
};

/** Prints one line a step; returns when dist is current. */
export async function build() {
  const digest = sourcesDigest(ROOT, INPUTS);
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === digest) {
    console.log("build   up to date");
    return;
  }
  const aside = join(DIST, `.next-${process.pid}`);
  try {
    mkdirSync(aside, { recursive: true });
    rmSync(STAMP, { force: true });
    // The programs do not need the types to be right: they are replaced even when the library is refused.
    const parts = await Promise.allSettled([
      buildLibrary(join(aside, "lib")).then(() => swap(aside, "lib")),
      buildPrograms(join(aside, "cli")).then(() => swap(aside, "cli")),
    ]);
    for (const part of parts) if (part.status === "rejected") throw part.reason;
    writeFileSync(STAMP, digest);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

async function buildLibrary(out) {
  const run = await capture("tsc", ["-p", "tsconfig.build.json", "--outDir", out], { cwd: ROOT });
  if (run.exit_code !== 0) {
    const lines = run.stdout.trim().split("\n");
    throw new Stop(
      "BUILD_FAILED",
      `tsc refused the sources\n  ${lines.slice(0, 12).join("\n  ")}`,
      'Mend the first line above, then run "npm run build".',
      1,
    );
  }
  const modules = readdirSync(out, { recursive: true }).filter((name) => name.endsWith(".js")).length;
  if (modules === 0) throw new Stop("BUILD_EMPTY", "tsc wrote no module", "Look at tsconfig.build.json.", 1);
  console.log(`build   lib ${modules} modules  ${seconds(run.duration_ms)}`);
}

async function buildPrograms(out) {
  const began = performance.now();
  for (const absent of ENTRIES.filter((entry) => !existsSync(join(ROOT, entry))))
    console.log(`build   ${absent} is not there yet`);
  const present = ENTRIES.filter((entry) => existsSync(join(ROOT, entry)));
  if (present.length === 0)
    throw new Stop("BUILD_EMPTY", "no program entry exists", `Write one of: ${ENTRIES.join(", ")}.`, 1);
  const { build: bundle } = await import("esbuild");
  const programs = [
    { entryPoints: present.map((entry) => ({ in: join(ROOT, entry), out: basename(entry, ".ts") })) },
    ...ALONE.map((name) => ({
      entryPoints: [{ in: join(ROOT, "src/bin/main.ts"), out: name }],
      plugins: [only(name)],
    })),
  ];
  const outputs = await Promise.all(
    programs.map(({ entryPoints, plugins = [] }) =>
      bundleOrStop(bundle, {
        ...SETTINGS,
        entryPoints,
        // The first that knows a file decides what is in it.
        plugins: [...plugins, ENGLISH_ONLY, ZOD_BY_PARTS],
        outdir: out,
      }),
    ),
  );
  const bytes = outputs
    .flatMap(({ metafile }) => Object.values(metafile.outputs))
    .reduce((sum, { bytes: size }) => sum + size, 0);
  console.log(
    `build   cli ${present.length + ALONE.length} programs, ${Math.round(bytes / 1024)} KiB  ${seconds(performance.now() - began)}`,
  );
}

async function bundleOrStop(bundle, options) {
  try {
    return await bundle(options);
  } catch (error) {
    if (!error.errors) throw error;
    const lines = error.errors
      .slice(0, 12)
      .map(({ text, location }) => `${location?.file}:${location?.line} ${text}`);
    throw new Stop(
      "BUILD_FAILED",
      `esbuild refused the programs\n  ${lines.join("\n  ")}`,
      'Mend the first line above, then run "npm run build".',
      1,
    );
  }
}

/** Readers see no folder only for the moment between two renames. */
function swap(aside, folder) {
  const place = join(DIST, folder);
  if (existsSync(place)) renameSync(place, join(aside, `old-${folder}`));
  renameSync(join(aside, folder), place);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await orStop(build);
