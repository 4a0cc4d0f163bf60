/** Planes with a past, made by the lifecycle itself: versions that came, changed and went. */
import { cpSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { TraceReport } from "../../src/contracts/trace.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { settleTree } from "../../src/ledger/index.ts";
import { GOVERNANCE_STREAM, openPlane, PACKAGES_STREAM, planeStream } from "../../src/plane/index.ts";
import { ask, explain, type Question, renderTrace, type TraceOptions } from "../../src/trace/index.ts";
import { type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { writeTree } from "../support/tree.ts";

export const BASE = "PKG-T0-BASE-001";
export const MID = "PKG-T1-MID-001";
export const TOP = "PKG-T2-TOP-001";

export async function packed(
  on: LibraryPlane,
  id: string,
  version: string,
  files: Record<string, string>,
  fields: Record<string, unknown> = {},
): Promise<void> {
  const name = id.split("-")[2]?.toLowerCase() ?? "";
  const source = `../sources/${name}-${version}`;
  const toml = packageToml(id, { target: `modules/${name}`, version, ...fields });
  writeTree(join(on.root, source), { ...files, "holdfast.toml": toml });
  await on.pack(source);
}

const folders: string[] = [];
/** Call it at the top of a test file that makes such planes. */
export const removePasts = (): void =>
  afterAll(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

const newFolder = (): string => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-past-")));
  folders.push(folder);
  return folder;
};

let first: { folder: string; plane: Promise<LibraryPlane> } | undefined;

/** The same plane for every test of a file that only reads it: `aPast` once. */
export function thePast(): Promise<LibraryPlane> {
  if (first === undefined) {
    const folder = newFolder();
    first = { folder, plane: aPast(folder) };
  }
  return first.plane;
}

/** A copy to tamper with, keys included; a copy is much faster than four packs and three transactions. */
export async function aPastToBreak(): Promise<Pick<LibraryPlane, "root" | "effects" | "plane">> {
  await thePast();
  const folder = newFolder();
  cpSync(first?.folder ?? "", folder, { recursive: true });
  const root = join(folder, "plane");
  const effects = nodeEffects({ host: { home: join(folder, "home"), cwd: folder } });
  return { root, effects, plane: openPlane(effects, root) };
}

/** TOP needs MID and BASE, MID needs BASE. BASE is then updated to 1.1.0, and TOP uninstalled. */
export async function aPast(folder = newFolder()): Promise<LibraryPlane> {
  const on = await libraryPlane(folder);
  await packed(on, BASE, "1.0.0", {
    "core.py": '"""Core."""\nA = 1\n',
    "old.py": "OLD = 1\n",
    "moved.py": "SAME = 1\n",
  });
  await packed(on, MID, "1.0.0", { "mid.py": "M = 1\n" }, { dependencies: [{ id: BASE, range: "^1.0.0" }] });
  await packed(
    on,
    TOP,
    "1.0.0",
    { "top.py": "T = 1\n" },
    {
      dependencies: [
        { id: MID, range: "^1.0.0" },
        { id: BASE, range: ">=1.0.0 <3" },
      ],
    },
  );
  await on.install([TOP]);
  await packed(on, BASE, "1.1.0", {
    "core.py": '"""Core."""\nA = 2\n',
    "fresh.py": "NEW = 1\n",
    "there.py": "SAME = 1\n",
  });
  await on.update([BASE]);
  await on.uninstall([TOP]);
  for (const name of [GOVERNANCE_STREAM, PACKAGES_STREAM])
    await settleTree(on.effects, planeStream(on.plane, name));
  return on;
}

type Of<T extends TraceReport["type"]> = Extract<TraceReport, { type: T }>;

/** Asks, and holds the answer against its published shape. */
export async function asked<T extends Question["ask"]>(
  on: Pick<LibraryPlane, "effects" | "plane">,
  question: Extract<Question, { ask: T }>,
  options: TraceOptions = {},
): Promise<Of<T>> {
  const report = await ask(on.effects, on.plane, question, options);
  TraceReport.parse(JSON.parse(JSON.stringify(report)));
  return report as Of<T>;
}

export async function explained<T extends TraceReport["type"]>(
  on: Pick<LibraryPlane, "effects" | "plane">,
  subject: string,
  type: T,
  options: TraceOptions = {},
): Promise<Of<T>> {
  const report = await explain(on.effects, on.plane, subject, options);
  TraceReport.parse(JSON.parse(JSON.stringify(report)));
  if (report.type !== type) throw new Error(`${subject} is a ${report.type}\n${renderTrace(report)}`);
  return report as Of<T>;
}

/** The code of the fault a promise ends with. */
export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no fault",
    (error: { code?: string }) => error.code ?? "an error without a code",
  );
