/** An error at any point of an install leads to what is promised: undone, exit 6, recorded with its phase. */
import { cpSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import {
  CATALOGUE,
  type Point,
  pointName,
  watchEffects,
  withFailpoints,
} from "../../src/effects/failpoints/index.ts";
import { Fault } from "../../src/kernel/index.ts";
import type { LibraryPlane } from "../support/library-plane.ts";
import { picture, temporaryFolder } from "../support/tree.ts";
import { A, planeWithStore } from "./watched-product.ts";

const never = (): never => {
  throw new Error("no point kills here");
};
const UNDONE = ["download", "verify", "dependency-prepare", "activate", "health-check"];
/** What may fail without anybody being told: heads are caught up by the next append. */
const HARMLESS = /\.head\./;
/** Found wanting before anything was begun under the lock: refused with a code of its own. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  "dependency-prepare.lock.take": ["PLANE_DISK_FAILED", "PLANE_DISK_FULL"],
  "dependency-prepare.generation.read": ["STATE_DAMAGED"],
};
const governed = ({ root }: LibraryPlane): Record<string, string> =>
  picture(root, (path) => /^(ledger|planes\/ho[12]\/ledger|\.holdfast)$/.test(path));

/** A phase whose record cannot be written failed to begin: it is that one which is named. */
function phasesToBlame(point: string): string[] {
  const [phase = "", artefact] = point.split(".");
  const next = UNDONE[UNDONE.indexOf(phase) + 1] ?? "commit";
  return artefact === "journal" ? [phase, next] : [phase];
}

interface Outcome {
  readonly code: string;
  readonly exit_code: number;
  readonly phase: unknown;
}

async function installFailing(on: LibraryPlane, point: string, error: string): Promise<Outcome> {
  const actions = { kill: never, pause: never, tell: () => undefined };
  const { effects, unreached } = withFailpoints(on.effects, `${point}=error:${error}`, actions);
  try {
    await on.install([`${A}@1.0.0`], {}, effects);
    return { code: "DONE", exit_code: 0, phase: undefined };
  } catch (caught) {
    if (!(caught instanceof Fault))
      return { code: (caught as { code?: string }).code ?? String(caught), exit_code: 5, phase: undefined };
    return { code: caught.code, exit_code: caught.exit_code, phase: caught.details["phase"] };
  } finally {
    expect(unreached(), `${point} did not come`).toEqual([]);
  }
}

/** The first occurrence of each point of an install in the five phases. */
async function pointsOfInstall(on: LibraryPlane): Promise<string[]> {
  const counts = new Map<string, number>();
  const count = (point: Point): void =>
    void counts.set(pointName(point), (counts.get(pointName(point)) ?? 0) + 1);
  await on.install([`${A}@1.0.0`], {}, watchEffects(on.effects, count));
  return [...counts].filter(([name]) => UNDONE.includes(name.split(".")[0] ?? "")).map(([name]) => name);
}

test.each([
  ["EIO", UNDONE],
  ["ENOSPC", ["activate"]],
] as const)(
  "%s at every kind of point in %j of an install",
  {
    timeout: 60_000,
  },
  async (error, phases: readonly string[]) => {
    const on = await planeWithStore();
    const folder = dirname(on.root);
    const saved = join(temporaryFolder(), "saved");
    cpSync(folder, saved, { recursive: true, preserveTimestamps: true });
    const restore = (): void => {
      rmSync(folder, { recursive: true });
      cpSync(saved, folder, { recursive: true, preserveTimestamps: true });
    };
    const points = (await pointsOfInstall(on)).filter(
      (point) => phases.includes(point.split(".")[0] ?? "") && canHappen(point, error),
    );
    restore();
    const before = governed(on);
    const tally: Record<string, number> = {};
    for (const point of points) {
      const outcome = await installFailing(on, point, error);
      tally[outcome.code] = (tally[outcome.code] ?? 0) + 1;
      if (outcome.code === "DONE") {
        expect.soft(point).toMatch(HARMLESS);
        restore();
        continue;
      }
      expect.soft(governed(on), point).toEqual(before);
      expectPromise(on, point, outcome);
    }
    process.stdout.write(`${error}: ${points.length} points, ${JSON.stringify(tally)}\n`);
    expect(points.length).toBeGreaterThan(20);
    expect(tally["TRANSACTION_FAILED"]).toBeGreaterThan(points.length - 8);
  },
);

const canHappen = (point: string, error: string): boolean => {
  const pattern = `*${point.slice(point.indexOf("."))}`;
  return CATALOGUE.some(
    (entry) => entry.pattern === pattern && entry.actions.some((one) => one.endsWith(error)),
  );
};

/** The answer to the user and the last entry of the ledger. */
function expectPromise(on: LibraryPlane, point: string, outcome: Outcome): void {
  const lines = readFileSync(join(on.root, "ledger/packages.jsonl"), "utf8").trim().split("\n");
  const entry = JSON.parse(lines.at(-1) ?? "") as { event_type: string; metadata: object };
  const phase = expect.toBeOneOf(phasesToBlame(point));
  if (REFUSED[point]?.includes(outcome.code) === true) {
    expect.soft({ point, ...entry }).toMatchObject({ event_type: "INSTALL_REFUSED", metadata: { phase } });
    return;
  }
  expect.soft({ point, ...outcome }).toEqual({ point, code: "TRANSACTION_FAILED", exit_code: 6, phase });
  expect.soft({ point, ...entry }).toMatchObject({ event_type: "ROLLED_BACK", metadata: { phase } });
}
