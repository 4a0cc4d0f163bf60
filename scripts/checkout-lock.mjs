/**
 * One process at a time may change node_modules of this checkout.
 * The lock is a file that holds a pid and appears whole (link), so a waiter never reads half of it; a dead holder's is taken over.
 */
import { createHash, randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Stop } from "./stop.mjs";

const WAIT_MS_MAX = 600_000;
const POLL_MS = 200;

/** Runs `work` while holding the lock of `root`. `onWait` is called once, with the holder's pid, if somebody else has it. */
export function withCheckoutLock(root, work, onWait) {
  const key = createHash("sha256").update(root).digest("hex").slice(0, 16);
  const path = join(tmpdir(), `holdfast-install-${key}.lock`);
  const until = Date.now() + WAIT_MS_MAX;
  for (let waited = false; !take(path); waited = true) {
    const holder = readHolder(path);
    if (holder !== undefined && !isAlive(holder)) {
      putAside(path, holder);
      continue;
    }
    if (!waited) onWait(holder);
    if (Date.now() > until) {
      throw new Stop(
        "INSTALL_LOCKED",
        `process ${holder} still holds ${path}`,
        `Wait for it to end, or run "rm ${path}".`,
      );
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
  }
  try {
    return work();
  } finally {
    rmSync(path, { force: true });
  }
}

function take(path) {
  const own = `${path}.${randomUUID()}`;
  writeFileSync(own, String(process.pid), { flag: "wx" });
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

function readHolder(path) {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Moves a dead holder's lock away; if a living process took it in between, its lock is put back. */
function putAside(path, dead_pid) {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
    if (readHolder(aside) !== dead_pid) linkSync(aside, path);
  } catch (error) {
    if (error.code !== "ENOENT" && error.code !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}
