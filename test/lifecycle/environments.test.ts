import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Effects } from "../../src/effects/index.ts";
import { collectNow } from "../../src/lifecycle/index.ts";
import { openPlane } from "../../src/plane/index.ts";
import { environmentOfPackage } from "../../src/python/index.ts";
import { readReceipt } from "../../src/receipts/index.ts";
import { copyOfPlane, type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { picture, writeTree } from "../support/tree.ts";
import { type MadeWheel, madeWheel } from "../support/wheels.ts";

const A = "PKG-T2-A-001";
const B = "PKG-T2-B-001";
const C = "PKG-T2-C-001";
const GREETING = madeWheel();
const COLOUR = madeWheel({ name: "colour-names", metadata: ["Requires-Dist: greeting"] });

/** Imports its wheels for real when it is installed. */
const CHECK = { checks: [{ id: "imports", kind: "import", module: "modules.NAME" }] };

function source(
  id: string,
  wheels: readonly MadeWheel[],
  more: { ships?: readonly MadeWheel[]; fields?: object; code?: string } = {},
) {
  const name = id.split("-")[2]?.toLowerCase() ?? "";
  return {
    [`src/${name}/holdfast.toml`]: packageToml(id, {
      target: `modules/${name}`,
      environment: { requirements: wheels.map(({ locked }) => locked) },
      health: JSON.parse(JSON.stringify(CHECK).replace("NAME", name)),
      ...more.fields,
    }),
    [`src/${name}/__init__.py`]: more.code ?? "import greeting\n",
    ...Object.fromEntries(
      (more.ships ?? wheels).map(({ wheel, bytes }) => [
        `src/${name}/wheels/${wheel}`,
        bytes.toString("latin1"),
      ]),
    ),
  };
}

function put(plane: LibraryPlane, files: Record<string, string>): void {
  const texts = Object.entries(files).filter(([path]) => !path.endsWith(".whl"));
  writeTree(plane.root, Object.fromEntries(texts));
  for (const [path, text] of Object.entries(files)) {
    if (!path.endsWith(".whl")) continue;
    mkdirSync(join(plane.root, path, ".."), { recursive: true });
    writeFileSync(join(plane.root, path), Buffer.from(text, "latin1"));
  }
}

const environments = ({ root }: LibraryPlane): string[] => {
  const folder = join(root, ".holdfast/state/environments");
  return existsSync(folder) ? readdirSync(folder) : [];
};
const PYTHON = { interpreters: async () => ({}), approval_accepts_no_jail: () => true };

let made: LibraryPlane;
beforeAll(async () => {
  made = await libraryPlane(mkdtempSync(join(tmpdir(), "holdfast-test-")));
  put(made, {
    ...source(A, [GREETING]),
    ...source(B, [GREETING]),
    ...source(C, [COLOUR, GREETING], { ships: [GREETING] }),
  });
  for (const name of ["a", "b", "c"]) await made.pack(`src/${name}`);
  rmSync(join(made.root, "modules"), { recursive: true, force: true });
});

afterAll(() => rmSync(dirname(made.root), { recursive: true, force: true }));

test("try", async () => {
  const plane = copyOfPlane(made);
  const { findPython } = await import("../../src/python/index.ts");
  const python = (await findPython(plane.effects)).executable;
  const health = { interpreters: async () => ({ python }), approval_accepts_no_jail: () => false };
  const t0 = performance.now();
  const done = await plane.install([A], { health });
  console.log(performance.now() - t0, JSON.stringify(done.timeline), environments(plane));
  console.log(readFileSync(join(plane.root, `installed/${A}/receipt.json`), "utf8").slice(-700));
  await plane.install([B], { health });
  console.log(environments(plane));
  console.log(Object.keys(picture(join(plane.root, ".holdfast/state/environments"))));
  console.log(
    readFileSync(
      join(plane.root, ".holdfast/state/environments", environments(plane)[0] ?? "", "venv/pyvenv.cfg"),
      "utf8",
    ),
  );
  await plane.uninstall([A]);
  console.log(environments(plane));
  await plane.uninstall([B]);
  console.log(environments(plane));
});
