/** A plane and a home in a temp directory, for tests of keys. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { onTestFinished } from "vitest";
import type { Effects } from "../../src/effects/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { Fault } from "../../src/kernel/index.ts";

export const PLANE_UID = "0123456789abcdef0123456789abcdef";

export interface TestPlane {
  readonly effects: Effects;
  readonly home: string;
  readonly plane: { readonly plane_root: string; readonly plane_uid: string };
}

export function aPlane(env: Record<string, string> = {}): TestPlane {
  const top = mkdtempSync(`${tmpdir()}/keys-`);
  onTestFinished(() => rmSync(top, { recursive: true, force: true }));
  mkdirSync(`${top}/home`);
  mkdirSync(`${top}/plane`);
  const home = `${top}/home`;
  return {
    effects: nodeEffects({ host: { home, cwd: top, env } }),
    home,
    plane: { plane_root: `${top}/plane`, plane_uid: PLANE_UID },
  };
}

/** The fault a call ends in. */
export async function faultOf(work: () => unknown): Promise<Fault> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("expected a fault");
}
