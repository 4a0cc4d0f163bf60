import { expect, test } from "vitest";
import { makePlane } from "../support/cli.ts";
import { killAtRandom, planeWithTwoVersions } from "./kill-moments.ts";

/** `HOLDFAST_KILLS=200 npm run proofs -- kills` is the long proof. */
const COUNT = Number(process.env["HOLDFAST_KILLS"] ?? 8);
const SEED = Number(process.env["HOLDFAST_SEED"] ?? 20_261_121);

test(`kill -9 at ${COUNT} random moments of update and rollback always leaves exactly one version`, {
  timeout: 60_000 + COUNT * 5000,
}, async () => {
  const plane = makePlane();
  planeWithTwoVersions(plane);
  const lines: string[] = [];
  const done = await killAtRandom(plane, COUNT, SEED, (line) => lines.push(line));
  const seen = `seed ${SEED}: ${done.tried} tried, ${done.killed} killed, ${done.changed} changed version`;
  process.stdout.write(`${lines.join("\n")}\n${seen}, ${done.unhealthy.length} unhealthy\n`);
  expect(done.unhealthy, lines.join("\n")).toEqual([]);
  expect(done.killed).toBeGreaterThan(COUNT / 4);
  expect(done.changed).toBeGreaterThan(0);
  const verified = plane.pkg("ledger", "verify", "--json");
  expect(verified.status).toBe(0);
});
