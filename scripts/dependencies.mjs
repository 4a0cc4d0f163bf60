/** Brings node_modules to what package-lock.json says, once, with `npm ci`. Needs no dependency itself. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { withCheckoutLock } from "./checkout-lock.mjs";
import { Stop } from "./stop.mjs";

/** Installs when needed; afterwards the folder carries the digest of the lock file it was made from. */
export function ensureDependencies(root) {
  if (isCurrent(root)) return;
  withCheckoutLock(
    root,
    () => {
      if (isCurrent(root)) return;
      install(root);
      writeFileSync(stampPath(root), lockDigest(root));
    },
    (holder) => process.stderr.write(`another process (${holder}) is installing dependencies; waiting\n`),
  );
}

const stampPath = (root) => join(root, "node_modules", ".holdfast-lock-sha256");
const lockDigest = (root) =>
  createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");

function isCurrent(root) {
  if (existsSync(stampPath(root))) return readFileSync(stampPath(root), "utf8") === lockDigest(root);
  // Somebody ran npm by hand.
  if (!isWhatTheLockSays(root)) return false;
  writeFileSync(stampPath(root), lockDigest(root));
  return true;
}

/** True when npm's own record of node_modules is what the lock file says, byte for byte of every package. */
function isWhatTheLockSays(root) {
  const record = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, "utf8")).packages;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const same = (path) => installed[path]?.integrity === wanted[path]?.integrity;
  return (
    Object.entries(wanted).every(
      ([path, { optional }]) => path === "" || (optional && !installed[path]) || same(path),
    ) && Object.keys(installed).every((path) => same(path))
  );
}

const QUIET = ["--include=dev", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"];

function install(root) {
  process.stderr.write("installing dependencies (npm ci) … ");
  const began = Date.now();
  const lock = lockDigest(root);
  let run = npm(root, ["ci", ...QUIET]);
  // Some registries lack optional packages for other platforms; npm ci then calls the lock file incomplete, although nothing
  // this machine needs is missing. npm install goes on, and what it did is held against the lock file below.
  if (run.status !== 0 && lacksOnlyUnknownPackages(run.stderr))
    run = npm(root, ["install", "--no-save", ...QUIET]);
  if (run.status === 0 && (lockDigest(root) !== lock || !isWhatTheLockSays(root))) {
    process.stderr.write("failed\n");
    throw new Stop(
      "LOCK_STALE",
      "what npm installed is not what package-lock.json says",
      'Run "npm install", look at the difference and commit package-lock.json.',
    );
  }
  if (run.status === 0)
    return void process.stderr.write(`done in ${((Date.now() - began) / 1000).toFixed(0)} s\n`);
  process.stderr.write("failed\n");
  throw explain(`${run.stderr}\n${run.stdout}`);
}

function npm(root, args) {
  // npm may delete node_modules, so neither npm nor its scripts may run on a Node that lives there.
  const path = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => !folder.includes(join(root, "node_modules")));
  const run = spawnSync("npm", args, {
    cwd: root,
    env: { ...process.env, PATH: path.join(delimiter) },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (run.error?.code === "ENOENT") {
    throw new Stop(
      "NPM_MISSING",
      "npm is not on PATH",
      'Install Node.js with npm from https://nodejs.org, then run "npm test".',
    );
  }
  if (run.error) throw run.error;
  return run;
}

/** npm names a package the registry does not know without a version: `Missing: name@ from lock file`. */
function lacksOnlyUnknownPackages(output) {
  const missing = output.split("\n").filter((line) => /\b(Missing|Invalid): /.test(line));
  return missing.length > 0 && missing.every((line) => /Missing: \S+@ from lock file/.test(line));
}

const UNREACHABLE =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENETUNREACH|CERT_|SELF_SIGNED/;

function explain(output) {
  const lines = output
    .split("\n")
    .filter((line) => /^npm (error|ERR!)/.test(line) && !/complete log|_logs/.test(line));
  const said = lines.slice(0, 6).join("\n  ") || output.trim().slice(0, 600);
  const word = UNREACHABLE.exec(output)?.[0];
  if (word) {
    return new Stop(
      "REGISTRY_UNREACHABLE",
      `npm could not fetch the packages (${word})\n  ${said}`,
      'Check the network and "npm config get registry", then run the same command again.',
    );
  }
  if (/can only install packages when your package\.json and package-lock\.json/.test(output)) {
    return new Stop(
      "LOCK_STALE",
      `package-lock.json does not match package.json\n  ${said}`,
      'Run "npm install" and commit package-lock.json.',
    );
  }
  return new Stop("INSTALL_FAILED", `npm ci failed\n  ${said}`, 'Run "npm ci" to see the whole output.');
}
