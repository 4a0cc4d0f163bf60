import type { Example } from "./examples.ts";
import type { NewPlugin } from "./named.ts";

/** The program of a new plugin for Node.js 22 or newer, without packages. */
export function nodeProgram({ namespace }: NewPlugin, { purpose, action, config, node }: Example): string {
  return `/**
 * ${namespace}: ${purpose}
 *
 * One JSON object comes on stdin, one goes to stdout; what goes to stderr is a log.
 * Requests: {"operation": "action", "action": ID, "input": …, "request_id": …, "config"?: {…}} and
 * {"operation": "health", "nonce": …}. Answers: {"status": "ok", "result": …} with exit 0, or
 * {"status": "error", "error": {"code", "message"}} with exit 1.
 */
import { readFileSync, writeSync } from "node:fs";

/** The same as config.defaults in holdfast.toml. */
const DEFAULTS = ${JSON.stringify(config.defaults)};

class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** ${action.title}. */
function ${action.id}(given, config) {
  ${node.join("\n  ")}
}

const ACTIONS = new Map([["${action.id}", ${action.id}]]);

function dispatch(request) {
  const { operation } = request;
  if (operation === "health") return { nonce: request.nonce };
  if (operation !== "action") throw new Refusal("OPERATION_UNKNOWN", \`operation \${operation} is not known\`);
  const action = ACTIONS.get(request.action);
  if (action === undefined) throw new Refusal("ACTION_UNKNOWN", \`action \${request.action} is not known\`);
  return action(request.input, { ...DEFAULTS, ...request.config });
}

function reply() {
  try {
    return { status: "ok", result: dispatch(JSON.parse(readFileSync(0, "utf8"))) };
  } catch (error) {
    if (error instanceof Refusal)
      return { status: "error", error: { code: error.code, message: error.message } };
    console.error(error);
    return { status: "error", error: { code: "FAILED", message: error.name } };
  }
}

const said = reply();
writeSync(1, \`\${JSON.stringify(said)}\\n\`);
process.exitCode = said.status === "ok" ? 0 : 1;
`;
}

export function nodeTest({ action, shown }: Example): string {
  return `/** Run with: node --test tests/main.test.mjs */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../main.mjs", import.meta.url));

function ask(request) {
  const { status, stdout } = spawnSync(process.execPath, [PROGRAM], { input: JSON.stringify(request) });
  return { exit_code: status, reply: JSON.parse(stdout.toString()) };
}

test("${action.id} answers its example", () => {
  assert.deepEqual(ask({ operation: "action", action: "${action.id}", input: ${JSON.stringify(shown.input)} }), {
    exit_code: 0,
    reply: { status: "ok", result: ${JSON.stringify(shown.output)} },
  });
});

test("health gives the nonce back", () => {
  assert.deepEqual(ask({ operation: "health", nonce: "n" }).reply, { status: "ok", result: { nonce: "n" } });
});

test("an unknown action is refused", () => {
  const { exit_code, reply } = ask({ operation: "action", action: "no", input: {} });
  assert.deepEqual([exit_code, reply.error.code], [1, "ACTION_UNKNOWN"]);
});
`;
}
