/** A pool that runs actions of a plane's plugin, and which processes of that plugin live. */
import { readdirSync, readFileSync } from "node:fs";
import { onTestFinished } from "vitest";
import type { Effects } from "../../src/effects/index.ts";
import { ActionPool, type PoolOptions, type RunRequest, type RunResult } from "../../src/runtime/index.ts";
import { HOSTING, type RunEntry, type RunPlane } from "./run-plane.ts";

interface Failed {
  /** Undefined, as the message, where it did not fail. */
  readonly code: string | undefined;
  readonly message: string | undefined;
  /** What the ledger of runs got meanwhile. */
  readonly entries: readonly RunEntry[];
}

export interface TestedPool {
  readonly pool: ActionPool;
  /** What the pool was given: variables may be set later. */
  readonly host: Effects["host"];
  readonly run: (input: unknown, more?: Partial<RunRequest>) => Promise<RunResult>;
  readonly fails: (input: unknown, more?: Partial<RunRequest>) => Promise<Failed>;
  /** Called again, so that one stands ready. */
  readonly readied: () => Promise<void>;
}

/** Stopped when the test ends. `env`: variables beside those of the plane. */
export function poolOf(
  plane: RunPlane,
  options: Partial<PoolOptions> = {},
  env: Readonly<Record<string, string>> = {},
): TestedPool {
  const host = { ...plane.effects.host, env: { ...plane.effects.host.env, ...env } };
  const pool = new ActionPool({ ...plane.effects, host }, plane.plane, HOSTING, options);
  onTestFinished(() => pool.stop());
  const request = { namespace: "notes", action: "echo", host: "library", token: plane.token } as const;
  const run: TestedPool["run"] = (input, more = {}) => pool.run({ ...request, input, ...more });
  return {
    pool,
    host,
    run,
    fails: async (input, more) => {
      const before = plane.runs().length;
      const failure = await run(input, more).then(
        () => undefined,
        (error: unknown) => error as { code: string; message: string },
      );
      return { code: failure?.code, message: failure?.message, entries: plane.runs().slice(before) };
    },
    readied: async () => {
      await run({});
      await run({});
      await untilReady(pool, 1);
    },
  };
}

/** Until exactly so many stand ready. */
export async function untilReady(pool: ActionPool, count: number): Promise<void> {
  for (let tries = 0; pool.ready_count !== count; tries++) {
    if (tries > 500) throw new Error(`${pool.ready_count} stand ready, not ${count}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Numbers of the processes that run the plugin of this plane, and of no other. */
export const living = (plane: RunPlane, namespace = "notes"): string[] =>
  readdirSync("/proc").filter((name) => {
    try {
      return (
        /^\d+$/.test(name) &&
        readFileSync(`/proc/${name}/cmdline`, "utf8").includes(`${plane.root}/modules/${namespace}/main.py`)
      );
    } catch {
      // It has ended meanwhile.
      return false;
    }
  });
