/** Every attempt in every profile, for one user. None may succeed; what is granted must. */
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import type { PluginKind } from "../../../src/contracts/index.ts";
import { everything, network, processesWith, sharedMemory } from "../scene.ts";
import { controls, TEXTS, TOLD_ALWAYS } from "./control.ts";
import { BY_KERNEL, NOTHING_DENIED, RECORDS } from "./records.ts";
import { type Runtime, run, type World, world } from "./scene.ts";

const KINDS: readonly PluginKind[] = ["node", "integration", "agent", "quality_gate"];
/** At least so many attempts are denied that succeed without the sandbox. */
const DENIED_MIN = { python: 95, node: 55 } as const;
const ALLOWED_MIN = { python: 9, node: 5 } as const;

/** What a kind is granted is no escape. */
const granted = (kind: PluginKind): readonly string[] =>
  kind === "quality_gate" ? ["file-other-plugin"] : [];

const AGENT_DESCRIPTOR = 5;
const DENIALS_DESCRIPTOR = 4;

interface Answers {
  readonly answers: Readonly<Record<string, string>>;
  readonly allowed: Readonly<Record<string, true | string>>;
}

export function escapes(user: string): void {
  for (const runtime of ["python", "node"] as const)
    test.each(KINDS)(`${user}: a ${runtime} program as %s gets nowhere`, async (kind) => {
      const here = await world();
      const net = await network(here.folder, `${here.plugin}/daemon.sock`);
      const segment = sharedMemory();
      const before = everything(here.folder).filter(notPrivate);
      const told = tellAttempts(here, kind, { net, segment: segment.id });
      const { stdout, ended, stderr, exit_code } = await run(here, {
        kind,
        runtime,
        text: TEXTS[runtime],
        stdin: JSON.stringify(told),
        is_bare: true,
        scopes: [
          "files.forbidden:plugin/secret/**",
          ...(kind === "integration" ? ["network:granted.invalid"] : []),
        ],
        change: kind === "agent" ? { broker: NO_BROKER } : {},
      });
      expect([ended, exit_code], stderr).toEqual(["exited", 0]);
      const { answers, allowed } = JSON.parse(stdout) as Answers;
      const succeeded = Object.keys(answers).filter((name) => answers[name] === "done");
      expect(succeeded).toEqual(granted(kind));
      expect(Object.values(allowed).filter((one) => one !== true)).toEqual([]);
      // What failed for a reason of its own, as a crash, was not denied.
      expect(Object.entries(answers).filter(([, answer]) => !IS_DENIAL.test(answer))).toEqual([]);
      const { controlled, not_tried, unexplained } = controls(runtime);
      expect(unexplained).toEqual([]);
      const denied = Object.keys(answers).filter((name) => controlled.has(name) && answers[name] !== "done");
      const apart = Object.keys(answers).filter((name) => not_tried.has(name));
      expect(denied.length + apart.length + granted(kind).length).toBe(Object.keys(answers).length);
      expect(denied.length).toBeGreaterThanOrEqual(DENIED_MIN[runtime]);
      expect(Object.keys(allowed).length).toBeGreaterThanOrEqual(ALLOWED_MIN[runtime]);
      expect(net.received).toEqual([]);
      expect(segment.isThere()).toBe(true);
      expect(here.victim.exitCode ?? here.victim.signalCode).toBeNull();
      expect(everything(here.folder).filter(notPrivate)).toEqual(before);
      expect(processesWith(`${here.plugin}/main`)).toEqual([]);
      expect(readdirSync(`${here.folder}/temp`)).toEqual([]);
      counts.push(
        `${user} ${runtime} ${kind}: ${denied.length} attempts denied that succeed without the sandbox, ${Object.keys(allowed).length} things allowed; ${apart.length + TOLD_ALWAYS.left_out.length} prove nothing here`,
      );
      if (kind === "node")
        reasons.set(
          runtime,
          [...not_tried].filter(([name]) => apart.includes(name) || TOLD_ALWAYS.left_out.includes(name)),
        );
    });
}

/** The same attempts with the part of the interpreter that says what was denied, in two runs: an answer lists 64 denials. */
export function recorded(user: string): void {
  const each = (["python", "node"] as const).flatMap((runtime) =>
    KINDS.map((kind) => [runtime, kind] as const),
  );
  test.each(each)(`${user}: each denial to a %s program as %s leaves its record`, async (runtime, kind) => {
    const here = await world({ below: "/var/tmp" });
    const net = await network(here.folder, `${here.plugin}/daemon.sock`);
    const told = tellAttempts(here, kind, { net, segment: "0" });
    const every = namesOf(runtime);
    const accounted = new Set([
      ...Object.keys(RECORDS[runtime]),
      ...Object.keys(BY_KERNEL[runtime]),
      ...NOTHING_DENIED[runtime],
    ]);
    // A new attempt stands in one of the three.
    expect(every.filter((name) => !accounted.has(name))).toEqual([]);
    const seen = { interpreter: 0, kernel: 0 };
    for (const [by, table] of [
      ["interpreter", RECORDS[runtime]],
      ["kernel", BY_KERNEL[runtime]],
    ] as const) {
      const tried = every.filter(
        (name) =>
          Object.hasOwn(table, name) && !TOLD_ALWAYS.left_out.includes(name) && !granted(kind).includes(name),
      );
      const asked = {
        kind,
        runtime,
        text: TEXTS[runtime],
        change: kind === "agent" ? { broker: NO_BROKER } : {},
        stdin: JSON.stringify({ ...told, left_out: every.filter((name) => !tried.includes(name)) }),
      };
      const { stdout, denials, denials_dropped, is_watched, stderr } = await run(here, {
        ...asked,
        // Of one that stood ready the same is told.
        is_ready: kind === "integration",
      });
      const { answers } = JSON.parse(stdout) as Answers;
      expect(Object.keys(answers).toSorted(), stderr).toEqual(tried.toSorted());
      const subjects = denials
        .filter(({ seen_by }) => by === "interpreter" || seen_by === "kernel")
        .map(({ rule, subject }) =>
          `${rule} ${subject}`.replace(here.folder, "F").replace(`:${net.tcp}`, ":PORT"),
        )
        .map((line) => line.replace(net.abstract, "ABSTRACT").replace(TOLD_ALWAYS.disk, "DISK"))
        .map((line) => line.replace(/\/\S+\/sitecustomize\.py/, "SITE"))
        .map((line) => line.replace(new RegExp(`\\b${process.pid}\\b`), "HOST"))
        .map((line) => line.replace(new RegExp(`\\b${here.victim.pid}\\b`), "VICTIM"));
      expect(tried.filter((name) => !subjects.includes(table[name] ?? ""))).toEqual([]);
      expect([denials_dropped, is_watched]).toEqual([0, true]);
      seen[by] = tried.length;
    }
    const { size } = NOTHING_DENIED[runtime];
    counts.push(
      `${user} ${runtime} ${kind}: ${seen.interpreter} denials recorded by the interpreter, ${seen.kernel} by the kernel; to ${size} attempts nothing is denied`,
    );
  });
}

const namesOf = (runtime: Runtime): string[] =>
  [...TEXTS[runtime].matchAll(/^ {2,4}"?([a-z][a-z-]*)"?: (?:lambda:|\(\) =>|[a-z_]+,$)/gm)].map(
    ([, name = ""]) => name,
  );

/** Of the system, or of a resolver. */
const IS_DENIAL = /^(?:done|E[A-Z0-9]+|EAI_[A-Z]+|-\d+)$/;

const counts: string[] = [];
const reasons = new Map<string, [string, string][]>();
/** Printed at the end of each file. */
export const summary = (): string =>
  [
    ...counts,
    ...[...reasons].flatMap(([runtime, each]) =>
      each.map(([name, reason]) => `  ${runtime} ${name}: ${reason}`),
    ),
  ].join("\n");

const NO_BROKER = { call: async () => ({ result: null, tokens: 0, cost_units: 0 }) };

/** Folders that the program may write in, and those of ours that come and go. */
const notPrivate = (line: string): boolean =>
  !/^(?:temp|plane\/data\/probe|\.|plane\/plugin(?:\/main\.\w+)?)(?: |\/)/.test(line);

function tellAttempts(
  here: World,
  kind: PluginKind,
  { net, segment }: { readonly net: Awaited<ReturnType<typeof network>>; readonly segment: string },
): object {
  const { plane, plugin, data, outside, victim } = here;
  return {
    ...TOLD_ALWAYS,
    plane,
    plugin,
    mounted: plugin,
    first: 1,
    data: kind === "quality_gate" ? "" : data,
    outside,
    kind,
    pid: process.pid,
    victim: victim.pid,
    tcp: net.tcp,
    abstract: net.abstract,
    segment: Number(segment),
    shown: [],
    descriptors: [DENIALS_DESCRIPTOR, ...(kind === "agent" ? [AGENT_DESCRIPTOR] : [])],
  };
}
