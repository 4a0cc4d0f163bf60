/** What this user may not read is a finding about that file or folder; everything else is judged all the same. */
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { Effects, FileSystem } from "../../src/effects/index.ts";
import { checkIntegrity } from "../../src/integrity/index.ts";
import { verifyFamily, verifyKept } from "../../src/ledger/index.ts";
import { PLANE_STREAMS, planeStream } from "../../src/plane/index.ts";
import { keptHeads } from "../../src/receipts/index.ts";
import { type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { writeTree } from "../support/tree.ts";

const A = "PKG-T1-A-001";
const B = "PKG-T1-B-001";
let on: LibraryPlane;

beforeEach(async () => {
  on = await libraryPlane();
  for (const [name, id] of [
    ["a", A],
    ["b", B],
  ] as const) {
    writeTree(on.root, {
      [`src/${name}/holdfast.toml`]: packageToml(id, { target: `modules/${name}` }),
      [`src/${name}/x.py`]: `${name} = 1\n`,
    });
    await on.pack(`src/${name}`);
  }
  await on.install([A, B]);
});

/** As another user sees it: files without the right to read, folders without the right to enter. */
function refusing(path: string, kind: "file" | "folder"): Effects {
  const { fs } = on.effects;
  const place = join(on.root, path);
  const refuse = (at: string): void => {
    throw Object.assign(new Error(`EACCES: ${at}`), { code: "EACCES", path: at });
  };
  const wrapped = { ...fs } as Record<string, unknown>;
  for (const name of ["read", "readText", "openRead", "list", "stat"] as const)
    wrapped[name] = (at: string, ...rest: unknown[]) => {
      if (kind === "folder" && at.startsWith(`${place}/`)) refuse(at);
      if (at === place && name !== "stat") refuse(at);
      return (fs[name] as (...words: unknown[]) => unknown).call(fs, at, ...rest);
    };
  return { ...on.effects, fs: wrapped as unknown as FileSystem };
}

test.each([
  [`installed/${B}`, "folder", "RECEIPT_DAMAGED", `installed/${B}/receipt.json`],
  [`installed/${B}/receipt.json`, "file", "RECEIPT_DAMAGED", `installed/${B}/receipt.json`],
  ["registries/specs_registry.csv", "file", "REGISTRY_UNREADABLE", "registries/specs_registry.csv"],
  ["ledger/packages.jsonl", "file", "LEDGER_UNREADABLE", "ledger/packages.jsonl"],
] as const)("%s (%s) is %s", async (path, kind, code, about) => {
  const report = await checkIntegrity(refusing(path, kind), on.plane, { orphans: false });
  expect(report.healthy).toBe(false);
  expect(report.findings.find((finding) => finding.code === code)).toMatchObject({
    path: about,
    severity: "error",
  });
  // The other package is judged all the same.
  expect(report.counts.match).toBeGreaterThanOrEqual(2);
  expect(report.findings.filter(({ path: at }) => at?.startsWith("modules/a"))).toEqual([]);
});

test("a ledger that may not be read bears out nothing that others say of it", () => {
  const { fs } = refusing("ledger/packages.jsonl", "file");
  const streamOf = (name: string) => planeStream(on.plane, name);
  const { valid, findings } = verifyKept(fs, keptHeads(fs, on.root), streamOf);
  expect([valid, findings.map(({ code }) => code)]).toEqual([false, ["LEDGER_RECEIPT_MISSING"]]);
  expect(findings[0]?.message).toContain("which this user may not read");
  expect(verifyFamily(fs, PLANE_STREAMS.map(streamOf), streamOf).links_count).toBeGreaterThan(0);
});
