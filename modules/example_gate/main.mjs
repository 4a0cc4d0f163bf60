/**
 * One JSON request on stdin, one answer on stdout; as a worker one a line. The working directory is the plane.
 * A health request `{"operation": "health", "nonce"}` is answered with the nonce.
 */
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";

const FINDINGS_MAX = 500;
const BYTES_MAX = 1 << 20;
const MARKER = /^(<{7}|>{7}|={7})(\s|$)/;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** Paths of regular files below a folder, sorted; links are not followed. */
function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

function findingsIn(path, bytes_max) {
  const { size } = lstatSync(path);
  if (size > bytes_max)
    return [{ path, rule: "large-file", message: `has ${size} bytes, more than ${bytes_max}` }];
  return readFileSync(path, "latin1")
    .split("\n")
    .flatMap((text, index) => {
      const line = index + 1;
      if (PRIVATE_KEY.test(text)) return [{ path, line, rule: "private-key", message: "holds a private key" }];
      return MARKER.test(text) ? [{ path, line, rule: "merge-marker", message: "holds a merge marker" }] : [];
    });
}

function check({ folders, bytes_max = BYTES_MAX }) {
  const findings = [];
  let files = 0;
  let unread = 0;
  for (const folder of folders) {
    const clean = posix.normalize(folder);
    if (clean.startsWith("..") || clean.startsWith("/"))
      throw Object.assign(new Error(`${folder} leaves the plane`), { code: "folder_outside" });
    for (const path of filesBelow(clean)) {
      files += 1;
      try {
        findings.push(...findingsIn(path, bytes_max));
      } catch {
        // Not granted, or gone: told as a number, since a gate that saw nothing must not look green.
        unread += 1;
      }
    }
  }
  return { findings: findings.slice(0, FINDINGS_MAX), files, unread };
}

function answer(request) {
  const id = request.id === undefined ? {} : { id: request.id };
  if (request.operation === "health") return { status: "ok", result: { nonce: request.nonce }, ...id };
  try {
    if (request.action !== "check")
      throw Object.assign(new Error(`there is no action ${request.action}`), { code: "plugin_action_not_found" });
    return { status: "ok", result: check(request.input), ...id };
  } catch (error) {
    const code = /^[a-z_]+$/.test(error.code ?? "") ? error.code : "folder_unreadable";
    return { status: "error", error: { code, message: error.message }, ...id };
  }
}

if (process.env.HOLDFAST_WORKER === "1" || process.argv.includes("--worker")) {
  for await (const line of createInterface({ input: process.stdin }))
    process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`);
} else {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const done = answer(JSON.parse(Buffer.concat(chunks).toString("utf8")));
  process.stdout.write(`${JSON.stringify(done)}\n`);
  process.exitCode = done.status === "ok" ? 0 : 1;
}
