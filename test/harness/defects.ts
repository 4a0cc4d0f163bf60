/** Plugins that are each broken in one way, and where the harness must find it. */
import { writeTree } from "../support/tree.ts";

export interface Defect {
  readonly name: string;
  /** Python that answers: `given` is the input, `config` the configuration; what it leaves in `result` is the answer. */
  readonly code?: string;
  /** The same in the next version. */
  readonly next_code?: string;
  readonly plugin?: Record<string, unknown>;
  readonly action?: Record<string, unknown>;
  readonly holdfast?: Record<string, unknown>;
  /** Text of the manifest replaced in the next version. */
  readonly next_manifest?: readonly (readonly [string, string])[];
  /** Step and code it must be found by, and a word of the cause; undefined for a sound plugin. */
  readonly found?: readonly [string, string, RegExp];
}

const ECHO = 'result = {"text": given["text"]}';
const SUBPROCESS = {
  permissions: { subprocess: true },
  elevated: [{ permission: "subprocess", reason: "starts a helper of its own" }],
};
const SECRET = {
  capability: ["actions", "config"],
  config: {
    schema: {
      type: "object",
      required: ["api_key"],
      properties: { api_key: { type: "string", "x-secret": true } },
      additionalProperties: false,
    },
    defaults: {},
  },
};
const trying = (statement: string): string => `try:\n    ${statement}\nexcept Exception:\n    pass\n${ECHO}`;

export const DEFECTS: readonly Defect[] = [
  { name: "sound" },
  {
    name: "leaves-a-file",
    code: `open("data/leaves-a-file/left.txt", "w").write("left")\n${ECHO}`,
    found: ["residue", "RESIDUE", /data/],
  },
  {
    name: "leaves-a-process",
    code: `import subprocess\nsubprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdin=-3, stdout=-3, stderr=-3, start_new_session=True)\n${ECHO}`,
    plugin: SUBPROCESS,
    action: { permissions: ["subprocess"] },
    found: ["execute-1", "PROCESS_LEFT", /python/],
  },
  {
    name: "opens-a-port",
    code: `import socket\ndoor = socket.socket()\ndoor.bind(("127.0.0.1", 8123))\ndoor.listen()\n${ECHO}`,
    plugin: { kind: "integration", permissions: { network: ["api.example.org"] } },
    action: { permissions: ["network:api.example.org"] },
    found: ["execute-1", "(PORT_LEFT|EXIT_CODE)", /8123|bind|not permitted|exited with/],
  },
  {
    name: "writes-outside",
    code: trying('open("data/others.txt", "w").write("x")'),
    found: ["execute-1", "DENIED", /data\/others\.txt/],
  },
  {
    name: "reads-what-is-not-its-own",
    code: trying('open("config/plane.toml").read()'),
    found: ["execute-1", "DENIED", /config\/plane\.toml/],
  },
  {
    name: "rewrites-itself",
    code: trying('open(__file__, "a").write("# more")'),
    found: ["execute-1", "DENIED", /main\.py/],
  },
  {
    name: "goes-online",
    code: trying('import socket; socket.create_connection(("example.org", 443), 2)'),
    found: ["execute-1", "DENIED", /network|example\.org/],
  },
  {
    name: "starts-programs",
    code: trying('import subprocess; subprocess.run(["/bin/true"])'),
    found: ["execute-1", "DENIED", /subprocess|true/],
  },
  {
    name: "changes-its-answer-in-a-patch",
    next_code: 'result = {"text": given["text"].upper()}',
    found: ["execute-updated-1", "OUTPUT_CHANGED", /HELLO/],
  },
  {
    name: "breaks-its-configuration",
    plugin: {
      capability: ["actions", "config"],
      config: {
        schema: {
          type: "object",
          properties: { tone: { type: "string", enum: ["low", "high"] } },
          additionalProperties: false,
        },
        defaults: { tone: "low" },
      },
    },
    next_manifest: [
      ['"low","high"', '"high"'],
      ['"tone":"low"', '"tone":"high"'],
    ],
    found: ["(update|execute-updated-1)", "(EXIT_CODE|PLUGIN_STATE)", /tone|breaks-its-configuration/],
  },
  {
    name: "needs-what-it-does-not-declare",
    code: `import modules.stdlib_evidence\n${ECHO}`,
    found: ["execute-1", "EXIT_CODE", /exited with|ended|No module/],
  },
  {
    name: "shows-its-secret",
    code: 'result = {"text": "key " + config["api_key"]}',
    plugin: SECRET,
    found: ["execute-1", "(SECRET_SHOWN|EXIT_CODE)", /secret/],
  },
  {
    name: "varies",
    code: 'import random\nresult = {"text": str(random.random())}',
    found: ["execute-updated-1", "VARIES", /\/text/],
  },
  {
    name: "remembers",
    code: 'path = "data/remembers/count"\ncount = len(open(path).read()) if os.path.exists(path) else 0\nopen(path, "a").write("x")\nresult = {"text": str(count)}',
    found: ["execute-updated-1", "VARIES", /\/text/],
  },
  {
    name: "never-answers",
    code: "import time\ntime.sleep(600)",
    action: { limits: { timeout_ms: 300 } },
    found: ["execute-1", "EXIT_CODE", /300 ms|timeout|longer/],
  },
  {
    name: "floods",
    code: 'result = {"text": "x" * (8 << 20)}',
    found: ["execute-1", "EXIT_CODE", /output|bytes/],
  },
  {
    name: "answers-otherwise-than-declared",
    code: 'result = {"words": 3}',
    found: ["execute-1", "EXIT_CODE", /text|schema|output/],
  },
  { name: "dies", code: "os._exit(3)", found: ["execute-1", "EXIT_CODE", /exit|ended|died/] },
  {
    name: "takes-too-much-memory",
    code: `hoard = bytearray(1 << 30)\n${ECHO}`,
    action: { limits: { memory_bytes_max: 67_108_864 } },
    found: ["execute-1", "EXIT_CODE", /memory|Memory|ended|exit/],
  },
  {
    name: "breaks-its-probe",
    plugin: {
      capability: ["actions", "probes"],
      probes: [{ id: "shouts", action: "echo", input: { text: "hello" }, expect: { text: "HELLO" } }],
    },
    found: ["execute-2", "OUTPUT", /\/text/],
  },
  {
    name: "is-unhealthy",
    holdfast: {
      health: { checks: [{ id: "starts", kind: "command", argv: ["python", "-c", "raise SystemExit(1)"] }] },
    },
    found: ["install", "EXIT_CODE", /starts/],
  },
  {
    name: "claims-a-host-it-cannot-have",
    holdfast: { compat: { host: ">=9.0.0" } },
    found: ["preflight", "EXIT_CODE", /host/],
  },
  {
    name: "forgets-what-it-needs",
    next_code: `open(os.path.join(os.path.dirname(__file__), "words.txt")).read()\n${ECHO}`,
    found: ["execute-updated-1", "EXIT_CODE", /exited with|ended/],
  },
  {
    name: "breaks-its-own-examples",
    action: { examples: [{ input: { text: "hello" }, output: { text: "bye" } }] },
    found: ["execute-1", "OUTPUT", /hello/],
  },
];

const program = (code: string): string => `import json, os, sys
request = json.loads(sys.stdin.readline())
given, config = request["input"], request["config"]
${code}
print(json.dumps({"status": "ok", "result": result}))
`;

/** A folder with a source and a scenario for each. */
export function writeDefects(folder: string, defects: readonly Defect[] = DEFECTS): void {
  for (const [index, defect] of defects.entries()) {
    const { name, code = ECHO, next_code, plugin = {}, action = {}, holdfast = {}, next_manifest } = defect;
    const manifest = JSON.stringify({
      holdfast: {
        id: `PKG-T3-DEFECT-${String(index).padStart(3, "0")}`,
        version: "1.0.0",
        tier: "T3",
        ...holdfast,
        plugin: {
          namespace: name,
          kind: "node",
          capability: ["actions"],
          runtime: "python",
          entrypoint: "main.py",
          actions: [
            {
              id: "echo",
              title: "Echo",
              input: {
                type: "object",
                required: ["text"],
                properties: { text: { type: "string" } },
                additionalProperties: false,
              },
              output: {
                type: "object",
                required: ["text"],
                properties: { text: { type: "string" } },
                additionalProperties: false,
              },
              examples: [{ input: { text: "hello" } }],
              ...action,
            },
          ],
          ...plugin,
        },
      },
    });
    const edits = [
      ...(next_code === undefined ? [] : [["main.py", code, next_code] as const]),
      ...(next_manifest === undefined ? [] : next_manifest.map((edit) => ["package.json", ...edit] as const)),
    ];
    const next = ["[packages.next]", `source = "sources/${name}"`, 'version = "1.0.1"'].concat(
      edits.flatMap(([path, find, replace]) => [
        "[[packages.next.edits]]",
        `path = "${path}"`,
        `find = ${JSON.stringify(find)}`,
        `replace = ${JSON.stringify(replace)}`,
      ]),
    );
    writeTree(folder, {
      [`sources/${name}/package.json`]: manifest,
      [`sources/${name}/main.py`]: program(code),
      [`${name}.toml`]: [
        'schema_version = "1.0"',
        `name = "${name}"`,
        'canonical = "now"',
        "[packages.now]",
        `source = "sources/${name}"`,
        ...(edits.length === 0 ? [] : next),
        "",
      ].join("\n"),
    });
  }
}
