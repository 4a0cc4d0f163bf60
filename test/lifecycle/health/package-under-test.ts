/** A package in a plane, made of the files given, and its checks run for real. */
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { HealthCheck, ReceiptFile } from "../../../src/contracts/index.ts";
import type { Effects } from "../../../src/effects/index.ts";
import { nodeEffects } from "../../../src/effects/node/index.ts";
import type { HealthReport } from "../../../src/lifecycle/health/report.ts";
import { type HealthRequest, runHealthChecks } from "../../../src/lifecycle/health/run-health-checks.ts";
import { findPython } from "../../../src/python/index.ts";
import type { Scene } from "../../sandbox/scene.ts";

/** Text by plane-relative path; below `bin/` it is executable. */
export function putFiles({ plane }: Pick<Scene, "plane">, files: Record<string, string>): ReceiptFile[] {
  return Object.entries(files).map(([path, text]) => {
    const executable = path.includes("bin/");
    mkdirSync(dirname(join(plane, path)), { recursive: true });
    writeFileSync(join(plane, path), text);
    chmodSync(join(plane, path), executable ? 0o755 : 0o644);
    const sha256 = `sha256:${createHash("sha256").update(text).digest("hex")}`;
    const size_bytes = Buffer.byteLength(text);
    return { path, sha256, size_bytes, executable, classification: "code", origin: "created" };
  });
}

let python: Promise<string> | undefined;
/** Asked once for all tests of this process. */
export function pythonHere(): Promise<string> {
  python ??= findPython(nodeEffects()).then(({ executable }) => executable);
  return python;
}

export async function check(
  here: Scene,
  files: Record<string, string>,
  checks: readonly HealthCheck[],
  options: { setting?: Record<string, string>; effects?: Effects; request?: Partial<HealthRequest> } = {},
): Promise<HealthReport> {
  const receipt_files = putFiles(here, files);
  return runHealthChecks(options.effects ?? here.effects(options.setting ?? {}), {
    plane_root: here.plane,
    tier_root: here.plane,
    keys_directory: here.keys,
    packages: [
      { package_id: "PKG-X", version: "1.1.0", health: { checks: [...checks] }, files: receipt_files },
    ],
    interpreters: { python: await pythonHere(), node: process.execPath },
    approval_accepts_no_jail: false,
    ...options.request,
  });
}

/** `id verdict reason` of each check. */
export const verdicts = ({ checks }: HealthReport): string[] =>
  checks.map(({ id, verdict, reason }) => `${id} ${verdict} ${reason}`);
