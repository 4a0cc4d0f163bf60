/**
 * A denial proves something only where the same attempt succeeds without the sandbox: a crash, a file this machine has not, a
 * call this kernel does not know deny nothing. Those attempts are counted apart, each with the reason why it proves nothing.
 */
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { CONTROL } from "./control-script.ts";
import { NODE_ATTEMPTS } from "./node-attempts.ts";
import { PYTHON_ATTEMPTS } from "./python-attempts.ts";
import { PYTHON, type Runtime, SECRET } from "./scene.ts";

export const TEXTS = { python: PYTHON_ATTEMPTS, node: NODE_ATTEMPTS } as const;

/** Never made outside a sandbox. */
const NEVER_MADE: Readonly<Record<string, string>> = {
  module: "a module made for this very kernel would be needed",
  kexec: "it would unload what the machine boots next",
  reboot: "it would act on the machine",
  swap: "a swap area of the machine would be needed",
  "clock-set": "it would set the clock of the machine",
  "signal-first": "no first process can be killed from within its own namespace",
  "proc-uid-map": "a map is written once, and each process has one",
};
/** What a kernel answers that knows no such thing. */
const UNKNOWN_HERE = new Set(["ENOSYS", "ENODEV", "EAFNOSUPPORT", "EOPNOTSUPP", "EPROTONOSUPPORT", "ENOTTY"]);

/** Root finds out which it may open at all; some machines keep all of them from everybody. */
const DISK = ["/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/xvda", "/dev/loop0"].find((path) => {
  try {
    if (process.getuid?.() === 0) closeSync(openSync(path, "r"));
    return existsSync(path);
  } catch {
    return false;
  }
});

/** Of this machine alone; left out of every run. */
function missingHere(): Readonly<Record<string, string>> {
  const absent: [string, boolean][] = [
    ["proc-sysrq", !existsSync("/proc/sysrq-trigger")],
    ["proc-kcore", !existsSync("/proc/kcore")],
    ["device-memory", !existsSync("/dev/mem")],
    ["device-disk", DISK === undefined],
    ["file-hostname", !existsSync("/etc/hostname")],
    ["program-setuid", !existsSync("/usr/bin/su")],
    ["program-loader", !existsSync("/usr/bin/ldd")],
  ];
  return Object.fromEntries(
    absent.filter(([, is_absent]) => is_absent).map(([name]) => [name, "this machine has none"]),
  );
}

/** What every attempt is told, in a control and behind a wall. */
export const TOLD_ALWAYS = {
  secret: SECRET,
  disk: DISK ?? "",
  left_out: Object.keys(missingHere()),
  descriptors: [4, 5],
};

export interface Controls {
  /** Attempts that succeed here without the sandbox. */
  readonly controlled: ReadonlySet<string>;
  /** The others, and why a denial of them proves nothing. */
  readonly not_tried: ReadonlyMap<string, string>;
  /** Others yet: nobody said why they fail. */
  readonly unexplained: readonly string[];
}

const known = new Map<Runtime, Controls>();

/** Of this user; made once. */
export function controls(runtime: Runtime): Controls {
  const found = known.get(runtime) ?? made(runtime);
  known.set(runtime, found);
  return found;
}

function made(runtime: Runtime): Controls {
  const never = { ...NEVER_MADE, ...missingHere() };
  const folder = "/tmp/control";
  const plane = `${folder}/plane`;
  const told = {
    ...TOLD_ALWAYS,
    left_out: Object.keys(never),
    folder,
    plane,
    plugin: `${plane}/plugin`,
    data: `${plane}/data/probe`,
    outside: `${folder}/outside`,
    kind: "node",
    tcp: 3333,
    abstract: "control",
    shown: [],
  };
  const input = JSON.stringify({ told, runtime, text: TEXTS[runtime], node: process.execPath });
  const ran = spawnSync(PYTHON, ["-c", CONTROL], {
    input,
    encoding: "utf8",
    timeout: 60_000,
    env: { SECRET },
  });
  if (ran.status !== 0) throw new Error(`the control of ${runtime} did not run: ${ran.stderr.slice(-2000)}`);
  const { answers } = JSON.parse(ran.stdout.trimEnd().split("\n").at(-1) ?? "") as {
    answers: Readonly<Record<string, string>>;
  };
  const is_root = process.getuid?.() === 0;
  const reasonOf = (answer: string): string | undefined => {
    if (UNKNOWN_HERE.has(answer)) return `this kernel knows no such thing (${answer})`;
    return is_root ? undefined : `an ordinary user is denied it without a sandbox (${answer})`;
  };
  const failed = Object.entries(answers).filter(([, answer]) => answer !== "done");
  return {
    controlled: new Set(Object.keys(answers).filter((name) => answers[name] === "done")),
    not_tried: new Map([
      ...Object.entries(never),
      ...failed.flatMap(([name, answer]): [string, string][] => {
        const reason = reasonOf(answer);
        return reason === undefined ? [] : [[name, reason]];
      }),
    ]),
    unexplained: failed
      .filter(([, answer]) => reasonOf(answer) === undefined)
      .map(([name, answer]) => `${name}: ${answer}`),
  };
}
