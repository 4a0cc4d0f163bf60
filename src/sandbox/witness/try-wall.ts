/** Lets a probe loose behind a wall, in one profile, and says of each claim whether it held. */
import type { PluginKind } from "../../contracts/index.ts";
import { confine } from "../confine.ts";
import type { ConfineLimits, ConfineNeeds, ConfineRequest, Outcome } from "../confined.ts";
import { cleanEnvironment, TOOL_ENVIRONMENT } from "../environment.ts";
import { lastWords } from "../printable.ts";
import { makePrivateTemp } from "../private-temp.ts";
import type { SandboxProfile } from "../profile.ts";
import { BROKER_FD, DENIALS_FD } from "../wall/perl-common.ts";
import { RELAY_PORT } from "../wall/start.ts";
import type { Wall } from "../wall/wall.ts";
import { type Claim, type ClaimLayer, claimsFor } from "./claims.ts";
import { NODE_PROBE } from "./node-probe.ts";
import { PYTHON_PROBE } from "./python-probe.ts";
import { fingerprint, layOut, type Scene } from "./scene.ts";

export interface Tried {
  readonly claim: string;
  readonly layer: ClaimLayer;
  readonly is_proven: boolean;
  /** What was seen: error codes, or what went through. */
  readonly seen: string;
}

export interface TriedProfile {
  readonly kind: PluginKind;
  readonly runtime: SandboxProfile["runtime"];
  /** One for each claim that a program of this runtime can try. */
  readonly tried: readonly Tried[];
}

export interface Interpreter {
  readonly executable: string;
  readonly readable: readonly string[];
  readonly version?: string;
}

const LIMITS: ConfineLimits = {
  memory_bytes_max: 192 << 20,
  processes_max: 24,
  temp_bytes_max: 2 << 20,
  timeout_ms: 20_000,
  output_bytes_max: 1 << 18,
};
const MEMORY_PROBE = {
  python: "x = []\nfor i in range(64):\n    x.append(bytearray(8 << 20))\nprint('broken')\n",
  node: "const x = [];\nfor (let i = 0; i < 64; i++) x.push(Buffer.alloc(8 << 20, 1));\nconsole.log('broken');\n",
} as const;
const MEMORY_PROBE_BYTES = 96 << 20;
/** After this long a process that outlived its tree would have written. */
const LATE_MS = 250;

export interface TryRequest {
  readonly kind: PluginKind;
  readonly runtime: SandboxProfile["runtime"];
  readonly interpreter: Interpreter;
}

/** @throws SANDBOX_NOT_STARTED when the wall could not be built at all */
export async function tryWall(effects: ConfineNeeds, wall: Wall, request: TryRequest): Promise<TriedProfile> {
  const { kind, runtime } = request;
  const answers = await probeAnswers(effects, wall, request);
  const memory = await probeMemory(effects, wall, request);
  const all = new Map([...answers, ["memory", memory.seen]]);
  const layerOf = ({ layer }: Claim): ClaimLayer =>
    layer === "wall" ? wall.layer : layer === "memory" ? memory.layer : layer;
  const tried = claimsFor(kind, runtime).map((claim) => {
    const seen = all.get(claim.id) ?? "broken: the probe gave no answer";
    return {
      claim: claim.id,
      layer: layerOf(claim),
      is_proven: seen.startsWith("held"),
      seen: seen.replace(/^(?:held|broken):? ?/, ""),
    };
  });
  return { kind, runtime, tried };
}

async function probeAnswers(
  effects: ConfineNeeds,
  wall: Wall,
  { kind, runtime, interpreter }: TryRequest,
): Promise<Map<string, string>> {
  const temp = await makePrivateTemp(effects);
  let reached = false;
  const listener = await effects.sockets.listen("loopback", (connection) => {
    reached = true;
    connection.close();
  });
  try {
    const scene = layOut(
      effects.fs,
      temp.path,
      kind,
      runtime,
      runtime === "python" ? PYTHON_PROBE : NODE_PROBE,
    );
    const before = fingerprint(effects.fs, scene);
    const late = `late-${effects.random.hex(6)}`;
    const told = { ...(await tellProbe(effects, wall, scene, interpreter)), port: listener.port, late };
    const { text, outcome } = await runProbe(effects, wall, scene, interpreter, JSON.stringify(told));
    const answers = answersIn(text, outcome);
    if (reached) answers.set("network.tcp", "broken: a listener of this machine was reached");
    if (runtime === "python") {
      const is_told = outcome.denials.some((one) => one.seen_by === "kernel" && one.subject === "ptrace");
      answers.set("denials.kernel", is_told ? "held: ptrace is told of" : "broken: ptrace left no record");
      await effects.clock.sleep(LATE_MS);
      const outlived = [...scene.written, "/tmp"].some((folder) => effects.fs.stat(`${folder}/${late}`));
      if (outlived) answers.set("processes.tree", "broken: a process outlived its tree");
    }
    if (fingerprint(effects.fs, scene) !== before) answers.set("files.own", "broken: a file was changed");
    for (const folder of scene.written)
      if (effects.fs.stat(`${folder}/made-inside`) === undefined)
        answers.set("allowed", "broken: what was written did not arrive");
    return answers;
  } finally {
    listener.close();
    await temp.remove();
  }
}

function answersIn(text: string, outcome: Outcome): Map<string, string> {
  try {
    return new Map(Object.entries(JSON.parse(text) as Record<string, string>));
  } catch {
    return new Map([["allowed", `broken: ${outcome.ended}, ${lastWords(outcome.stderr, 160)}`]]);
  }
}

/** The memory ceiling is tried apart: it ends the program that tries it. */
async function probeMemory(
  effects: ConfineNeeds,
  wall: Wall,
  { kind, runtime, interpreter }: TryRequest,
): Promise<{ seen: string; layer: "cgroup" | "sampled" }> {
  const temp = await makePrivateTemp(effects);
  try {
    const scene = layOut(effects.fs, temp.path, kind, runtime, MEMORY_PROBE[runtime]);
    const limits = { ...LIMITS, memory_bytes_max: MEMORY_PROBE_BYTES };
    const { outcome } = await runProbe(effects, wall, scene, interpreter, "", limits);
    const { ended, usage } = outcome;
    const verdict = ended === "memory_exceeded" ? "held" : "broken";
    return { seen: `${verdict} ${ended}`, layer: usage.memory_measured };
  } finally {
    await temp.remove();
  }
}

async function runProbe(
  effects: ConfineNeeds,
  wall: Wall,
  scene: Scene,
  interpreter: Interpreter,
  stdin: string,
  limits = LIMITS,
): Promise<{ text: string; outcome: Outcome }> {
  const { profile, plane, entrypoint } = scene;
  const request: ConfineRequest = {
    profile,
    plane_root: plane,
    program: { ...interpreter, entrypoint, is_bare: true },
    stdin,
    environment: {},
    ...(profile.broker === undefined ? {} : { broker: NO_BROKER }),
    limits,
  };
  const confined = await confine(effects, wall, request);
  const parts: Uint8Array[] = [];
  for await (const bytes of confined.stdout) parts.push(bytes);
  return { text: Buffer.concat(parts).toString("utf8"), outcome: await confined.done };
}

const NO_BROKER = { call: async () => ({ result: null, tokens: 0, cost_units: 0 }) };

/** What the probe has to know of the world outside to try to reach it. */
async function tellProbe(
  effects: ConfineNeeds,
  wall: Wall,
  scene: Scene,
  interpreter: Interpreter,
): Promise<object> {
  const { host } = effects;
  const { plane, plugin, outside, profile, written } = scene;
  const shown = [plane, interpreter.executable, ...interpreter.readable];
  const with_network = profile.domains.length > 0;
  const own = Object.keys(cleanEnvironment("", {}));
  const proxies = with_network
    ? ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "NODE_USE_ENV_PROXY"]
    : [];
  const agent = profile.broker === undefined ? [] : ["HOLDFAST_BROKER_FD"];
  return {
    plugin,
    outside,
    written,
    pid: host.pid,
    unread: [
      `${outside}/file`,
      `${outside}/`,
      ...(profile.kind === "quality_gate" ? [] : [`${plane}/other/file`, `${plane}/other/`]),
      "/etc/shadow",
      "/etc/passwd",
      "/sys/class/",
      "/boot/",
      // A folder on the way to something shown is there, and empty but for that.
      ...[`${host.home}/`, "/var/", "/opt/", "/srv/"].filter(
        (folder) => !shown.some((path) => path.startsWith(folder)),
      ),
      `/proc/${host.pid}/environ`,
      "/proc/1/root/etc/passwd",
    ],
    hidden: [`${plane}/.holdfast/file`, `${plugin}/secret/file`],
    link_in: written[0] ?? "/tmp",
    programs: ["/bin/sh", "/usr/bin/env", "/bin/true", ...(wall.layer === "bubblewrap" ? [wall.perl] : [])],
    spaces: await ownSpaces(effects, wall),
    processes_max: LIMITS.processes_max,
    temp_bytes_max: LIMITS.temp_bytes_max,
    relay_port: with_network ? RELAY_PORT : 0,
    descriptors: [DENIALS_FD, ...(profile.broker === undefined ? [] : [BROKER_FD])],
    environment: [...own, "PWD", ...proxies, ...agent].toSorted(),
  };
}

const SPACES = ["net", "pid", "mnt", "ipc", "uts", "user"];

async function ownSpaces({ subprocess }: ConfineNeeds, wall: Wall): Promise<Record<string, string>> {
  const text = `print join("\\n", map { readlink("/proc/self/ns/$_") } @ARGV)`;
  const { stdout } = await subprocess.run({
    argv: [wall.perl, "-e", text, ...SPACES],
    cwd: "/",
    env: TOOL_ENVIRONMENT,
    limits: { timeout_ms: 10_000, stdout_bytes_max: 4096 },
  });
  const links = stdout.toString("utf8").split("\n");
  return Object.fromEntries(SPACES.map((name, index) => [name, links[index] ?? ""]));
}
