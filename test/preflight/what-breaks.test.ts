/** The reverse of preflight over a plane with three packages that build on each other. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whatBreaks } from "../../src/preflight/index.ts";
import { have, library } from "./case.ts";
import { type Scene, scene } from "./scene.ts";

const needs = (id: string): string => `[[dependencies]]\nid = "${id}"\nrange = "^1.0.0"\n`;
const A = "PKG-T0-A-001";
const B = "PKG-T1-B-001";
const C = "PKG-T2-C-001";

describe("pkg what-breaks", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-breaks-"));
  let at: Scene;
  beforeAll(async () => {
    at = await scene(folder);
    await have(at, "a", library(A, '[compat]\nhost = "^1.0.0"\npython = ">=3.9 <3.13"\n'), true);
    await have(at, "b", library(B, `[compat]\nnode = ">=22"\n${needs(A)}`), true);
    await have(at, "c", library(C, needs(B)), true);
    await have(at, "d", library("PKG-T1-D-001", '[compat]\nhost = "^1.0.0"\n'), false);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const ask = async (...words: string[]) => {
    const ran = await at.pkg("what-breaks", ...words, "--json");
    return { status: ran.status, ...ran.json() };
  };
  const names = ({ broken }: { broken: { package_id: string; through: string[] }[] }) =>
    broken.map(({ package_id, through }) => [package_id, through]);

  test("a host that a package does not take, and everything that needs it", async () => {
    const answer = await ask("--host", "3.0.0");
    expect([answer.status, answer.examined]).toEqual([1, 3]);
    expect(names(answer)).toEqual([
      [A, []],
      [B, [A]],
      [C, [B, A]],
    ]);
    expect(answer.broken[0].causes).toEqual([
      {
        field: "/compat/host",
        range: "^1.0.0",
        found: "3.0.0",
        message: `${A} needs host ^1.0.0, not 3.0.0`,
      },
    ]);
  });

  test("--python 3.13 is 3.13.0; a version that fits breaks nothing and exits 0", async () => {
    expect(names(await ask("--python", "3.13"))[0]).toEqual([A, []]);
    const fits = await ask("--python", "3.12", "--node", "24.0.0", "--api", "1.0.0");
    expect([fits.status, fits.healthy, fits.broken, fits.examined]).toEqual([0, true, [], 3]);
  });

  test("a package that goes", async () => {
    expect(names(await ask("--remove", B))).toEqual([[C, []]]);
    expect(names(await ask("--remove", A))).toEqual([
      [B, []],
      [C, [B]],
    ]);
    expect(names(await ask("--remove", A, "--remove", B, "--remove", C))).toEqual([]);
    expect((await ask("--remove", "PKG-NO-001")).error.code).toBe("ID_UNKNOWN");
  });

  test("--store looks at what could be installed, too; text says how many", async () => {
    const answer = await ask("--host", "3.0.0", "--store");
    expect(answer.examined).toBe(7);
    expect(names(answer).filter(([id]) => id === "PKG-T1-D-001")).toEqual([["PKG-T1-D-001", []]]);
    expect((await at.pkg("what-breaks", "--host", "3.0.0")).stdout).toContain(
      "3 of 3 packages break with host 3.0.0.",
    );
  });

  test("what changes must be said, and be a version", async () => {
    expect((await ask()).error.code).toBe("INPUT_MISSING");
    expect((await ask("--host", "newest")).error.code).toBe("INPUT_INVALID");
  });
});

test("packages that need each other end the search", () => {
  const one = (package_id: string, id: string, host?: string) => ({
    package_id,
    version: "1.0.0",
    where: "installed" as const,
    compat: host === undefined ? {} : { host },
    dependencies: [{ id, range: "^1.0.0" }],
  });
  const { broken, examined } = whatBreaks([one("A", "B", "^1.0.0"), one("B", "A")], {
    runtime: { host: "2.0.0" },
    remove: [],
  });
  expect([examined, broken.map(({ package_id }) => package_id)]).toEqual([2, ["A", "B"]]);
});
