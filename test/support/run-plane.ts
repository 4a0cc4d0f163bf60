/** A plane with an enabled plugin whose actions misbehave on request, and what the ledger of runs says. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Effects } from "../../src/effects/index.ts";
import { type Hosting, type RunRequest, type RunResult, runAction } from "../../src/runtime/index.ts";
import { copyOf, NOTES, type PluginFields, type PluginPlane, pluginPlane } from "./plugin-plane.ts";

export const HOSTING: Hosting = {
  interpreter: async (runtime) => (runtime === "python" ? "/usr/bin/python3" : process.execPath),
  accepts_weaker: () => false,
};

const OPEN = { type: "object" };
export const action = (id: string, more: Record<string, unknown> = {}) => ({
  id,
  title: id,
  input: OPEN,
  output: OPEN,
  ...more,
});

/** Runs `input.code`, which answers with `answer(…)`; as a worker, one request a line. */
export const MAIN_PY = `import json, os, sys, time
def serve(line):
    request = json.loads(line)
    given = request["input"]
    def answer(result, **more):
        tag = {"id": request["id"]} if "id" in request else {}
        print(json.dumps({**tag, "status": "ok", "result": result, **more}), flush=True)
    if "code" in given:
        exec(given["code"], {**globals(), "request": request, "given": given, "answer": answer})
    else:
        answer({"echo": given, "config": request["config"], "request_id": request["request_id"], "pid": os.getpid()})
if "--worker" in sys.argv:
    for line in sys.stdin:
        serve(line)
else:
    serve(sys.stdin.readline())
`;

export interface RunPlane extends PluginPlane {
  /** Packs, installs and enables. */
  provide(fields?: PluginFields): Promise<void>;
  act(input: unknown, more?: Partial<RunRequest>, effects?: Effects): Promise<RunResult>;
  /** What a call is refused with, or fails with. */
  fails(input: unknown, more?: Partial<RunRequest>, effects?: Effects): Promise<Failure>;
  runs(): RunEntry[];
  /** Entries about one kind of end: `invoked`, `failed`, `refused`. */
  ended(how: "invoked" | "failed" | "refused"): RunEntry[];
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly exit_code: number;
  readonly next_step: string;
  readonly details: Record<string, unknown>;
}

export interface RunEntry {
  readonly event_type: string;
  readonly submission_id: string;
  readonly decision: string;
  readonly reason: string;
  readonly metadata: Record<string, unknown>;
}

export const runPlane = async (folder?: string): Promise<RunPlane> => withRuns(await pluginPlane(folder));
export const copyOfRuns = (made: RunPlane, folder?: string): RunPlane => withRuns(copyOf(made, folder));

function withRuns(base: PluginPlane): RunPlane {
  const { root, effects, plane, token } = base;
  const act: RunPlane["act"] = (input, more = {}, given = effects) =>
    runAction(
      given,
      plane,
      { namespace: "notes", action: "echo", input, host: "library", token, ...more },
      HOSTING,
    );
  return {
    ...base,
    act,
    async fails(input, more, given) {
      try {
        await act(input, more, given);
      } catch (error) {
        if (typeof (error as Partial<Failure>).code === "string") return error as Failure;
        throw error;
      }
      throw new Error("it did not fail");
    },
    async provide(fields = {}) {
      const { plugin = {}, files = {}, ...rest } = fields;
      const actions = [action("echo")];
      await base.packPlugin({
        ...rest,
        plugin: { actions, ...plugin },
        files: { "main.py": MAIN_PY, ...files },
      });
      await base.install([NOTES]);
      await base.enable();
    },
    ended(how) {
      return this.runs().filter(({ event_type }) => event_type === `plugin.action_${how}`);
    },
    runs() {
      const path = join(root, "ledger/runs.jsonl");
      if (!existsSync(path)) return [];
      return readFileSync(path, "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as RunEntry);
    },
  };
}
