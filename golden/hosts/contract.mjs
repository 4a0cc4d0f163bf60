/**
 * What the golden harness asks of a host program, for hosts written in Node. docs/golden-matrix.md has the words.
 *
 *   describe
 *   install --archive FILE --into FOLDER --api VERSION
 *   run --from FOLDER --api VERSION --action ID --python FILE --node FILE     input and configuration on stdin
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { gunzipSync } from "node:zlib";

const BLOCK = 512;
const REFUSED = 3;

/** Offers `tools[api]`, by name a function of the input; each API version has its own. */
export async function serve({ name, version, tools }) {
  const apis = Object.keys(tools);
  const [verb, ...words] = process.argv.slice(2);
  const given = Object.fromEntries(words.map((word, at) => [word, words[at + 1]]).filter((_, at) => at % 2 === 0));
  if (verb === "describe") return say({ host: name, version, apis });
  const api = given["--api"];
  if (!apis.includes(api))
    return refuse("api_not_served", `${name} ${version} serves API ${apis.join(", ")}, not ${api}`);
  if (verb === "install") return install(given["--archive"], given["--into"]);
  if (verb === "run") return run({ host: { name, version, api }, tools: tools[api], given });
  return refuse("verb_unknown", `${name} knows describe, install and run`);
}

const say = (answer) => void process.stdout.write(`${JSON.stringify(answer)}\n`);

function refuse(code, message) {
  say({ error: { code, message } });
  process.exitCode = REFUSED;
}

/** Regular files of a ustar archive, below the folder; anything that leads elsewhere is refused. */
function install(archive, into) {
  const bytes = readFileSync(archive);
  const tar = gunzipSync(bytes);
  const text = (from, length) => tar.toString("utf8", from, from + length).replace(/\0.*$/s, "");
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const prefix = text(at + 345, 155);
    const path = prefix === "" ? text(at, 100) : `${prefix}/${text(at, 100)}`;
    const size = Number.parseInt(text(at + 124, 12).trim() || "0", 8);
    const kind = text(at + 156, 1);
    if (path.startsWith("/") || path.split("/").includes("..")) return refuse("path_outside", path);
    if (kind === "0" || kind === "") {
      mkdirSync(dirname(join(into, path)), { recursive: true });
      writeFileSync(join(into, path), tar.subarray(at + BLOCK, at + BLOCK + size));
    } else if (kind !== "5") return refuse("member_unknown", `${path} is of kind ${kind}`);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  const { package_id, version } = manifestIn(into);
  return say({ installed: { package_id, version }, digest: createHash("sha256").update(bytes).digest("hex") });
}

const manifestIn = (folder) => JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));

/** The plugin gets one request on stdin, and the host's tools at the socket HOLDFAST_BROKER_FD names. */
async function run({ host, tools, given }) {
  const folder = given["--from"];
  const { plugin } = manifestIn(folder);
  const program = given[plugin.runtime === "node" ? "--node" : "--python"];
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const { input, config } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  const child = spawn(program, [join(folder, plugin.root, plugin.entrypoint)], {
    cwd: folder,
    env: { HOME: process.env.HOME, TMPDIR: process.env.TMPDIR, LC_ALL: "C.UTF-8", HOLDFAST_BROKER_FD: "3" },
    stdio: ["pipe", "pipe", "inherit", "pipe"],
  });
  const ended = new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  // A plugin that calls nothing closes its end unread, and one that reads nothing its input.
  for (const stream of [child.stdio[3], child.stdin]) stream.on("error", () => undefined);
  createInterface({ input: child.stdio[3] }).on("line", (line) =>
    child.stdio[3].write(`${JSON.stringify(answerCall(tools, line))}\n`),
  );
  const ran_with = interpreterOf(child.pid) ?? realpathSync(program);
  child.stdin.end(`${JSON.stringify({ operation: "action", action: given["--action"], input, config, host })}\n`);
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    out += text;
  });
  await ended;
  let answer;
  try {
    answer = JSON.parse(out);
  } catch {
    answer = { status: "error", error: { code: "answer_unusable", message: "the plugin did not answer with JSON" } };
  }
  say({ ...answer, ran_with });
  process.exitCode = answer.status === "ok" ? 0 : 1;
}

function answerCall(tools, line) {
  const { id, tool, input } = JSON.parse(line);
  if (!Object.hasOwn(tools, tool)) return { id, error: { code: "tool_unknown", message: `there is no ${tool} here` } };
  try {
    return { id, result: tools[tool](input) };
  } catch (error) {
    return { id, error: { code: "tool_failed", message: String(error) } };
  }
}

/** As the system sees it, where it tells. */
function interpreterOf(pid) {
  try {
    return realpathSync(`/proc/${pid}/exe`);
  } catch {
    return undefined;
  }
}
