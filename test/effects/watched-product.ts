/** The product at work in this process with every point it passes written down. */
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BeforeCall, type Point, pointName, watchEffects } from "../../src/effects/failpoints/index.ts";
import type { Effects, NetworkReply } from "../../src/effects/index.ts";
import { checkIntegrity } from "../../src/integrity/index.ts";
import { collectNow, initPlane, markGood, pack, restore } from "../../src/lifecycle/index.ts";
import { type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { writeTree } from "../support/tree.ts";

export const A = "PKG-T1-A-001";
const HEALTH = '\n[[health.checks]]\nid = "starts"\nkind = "command"\nargv = ["modules/a/tool.sh"]\n';

/** 1.0.0 and 1.1.0 of one package are in the store; nothing is installed. */
export async function planeWithStore(
  watched = (effects: Effects): Effects => effects,
): Promise<LibraryPlane> {
  const on = await libraryPlane();
  const effects = watched(on.effects);
  for (const version of ["1.0.0", "1.1.0"]) {
    rmSync(join(on.root, "src-a"), { recursive: true, force: true });
    writeTree(join(on.root, "src-a"), {
      "holdfast.toml": packageToml(A, { target: "modules/a", version }) + (version === "1.1.0" ? HEALTH : ""),
      "tool.sh": { text: "#!/bin/sh\n", mode: 0o755 },
      "core.py": `A = "${version}"\n`,
      "deep/settings.ini": `v = ${version}\n`,
      [`only_in_${version.replaceAll(".", "_")}.py`]: "X = 1\n",
    });
    const request = { src: join(on.root, "src-a"), dry_run: false, replace: false, token: on.token };
    await pack(effects, on.plane, request);
  }
  rmSync(join(on.root, "src-a"), { recursive: true });
  return on;
}

/** Every command that changes a plane, with failures and recovery. @returns how often each point came by */
export async function watchedProduct(): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  const told = (point: Point): void => void seen.set(pointName(point), (seen.get(pointName(point)) ?? 0) + 1);
  const watched = (effects: Effects): Effects => watchEffects(effects, told);
  const on = await planeWithStore(watched);
  // Each command is a process of its own.
  const fresh = (): Effects => watched(on.effects);
  await initPlane(fresh(), {
    directory: `${on.root}-2`,
    dry_run: false,
    templates: new Map([["scripts/x.py", Buffer.from("X = 1\n")]]),
    launcher: { node: process.execPath, script: "/nowhere/holdfast.cjs" },
  });
  await on.install([`${A}@1.0.0`], {}, fresh());
  await on.update([A], {}, fresh());
  await on.rollback([A], {}, fresh());
  await on.rollback([], {}, fresh());
  await on.rollback([A], {}, fresh());
  await updateFromNetwork(on, watched);
  await on.uninstall([A], {}, fresh());
  await on.install([`${A}@1.0.0`], {}, fresh());
  await markGood(fresh(), on.plane, { token: on.token, note: "tried" });
  await collectNow(fresh(), on.plane, { token: on.token, dry_run: false, keep: 1 });
  writeFileSync(join(on.root, "modules/a/core.py"), "drifted\n");
  await restore(fresh(), on.plane, { token: on.token, dry_run: false });
  await failuresAndRecovery(on, fresh, told);
  await checkIntegrity(fresh(), on.plane, { orphans: false });
  return seen;
}

/** The archive comes in two pieces over a network of ours. */
async function updateFromNetwork(on: LibraryPlane, watched: (effects: Effects) => Effects): Promise<void> {
  const bytes = readFileSync(join(on.root, "packages_store", `${A}-1.1.0.tar.gz`));
  const reply: NetworkReply = {
    status: 200,
    headers: { "content-length": String(bytes.length) },
    body: (async function* () {
      yield bytes.subarray(0, 100);
      yield bytes.subarray(100);
    })(),
    close: () => undefined,
  };
  const effects = watched({ ...on.effects, network: { ...on.effects.network, get: async () => reply } });
  const digest = createHash("sha256").update(bytes).digest("hex");
  const wanted = [{ archive: "https://example.org/a.tar.gz", digest }];
  await on.update([], { wanted }, effects);
}

async function failuresAndRecovery(on: LibraryPlane, fresh: () => Effects, told: BeforeCall): Promise<void> {
  const failing = (name: string, code = "EIO"): Effects => {
    let failed = false;
    return watchEffects(on.effects, (point) => {
      told(point);
      if (failed || pointName(point) !== name) return;
      failed = true;
      throw Object.assign(new Error(`${code}: injected`), { code });
    });
  };
  const caught = (work: Promise<unknown>): Promise<void> =>
    work.then(
      () => Promise.reject(new Error("the failure had no effect")),
      () => undefined,
    );
  await caught(on.uninstall([A], {}, failing("activate.receipt.sync-directory")));
  await caught(on.uninstall([A], {}, failing("activate.file.sync-directory", "ENOSPC")));
  await on.uninstall([A], {}, fresh());
  await caught(on.install([`${A}@1.0.0`], {}, failing("dependency-prepare.extracted.sync-directory")));
  await caught(on.install([`${A}@1.0.0`], { token: "wrong" }, fresh()));
  await caught(on.install([`${A}@1.0.0`], {}, failing("activate.receipt.rename")));
  const dyingAt = (name: string): Effects => dying(on.effects, (point) => pointName(point) === name, told);
  await caught(on.install([`${A}@1.0.0`], {}, dyingAt("activate.receipt.rename")));
  // Recovery undid it, so there is nothing to uninstall; the next one it finishes.
  await caught(on.uninstall([A], {}, fresh()));
  await caught(on.install([`${A}@1.0.0`], {}, dyingAt("settle.ledger.write")));
  await on.uninstall([A], {}, fresh());
}

/** From the point for which `when` holds on, the process does nothing any more. */
function dying(effects: Effects, when: (point: Point) => boolean, told?: BeforeCall): Effects {
  let dead = false;
  return watchEffects(effects, (point) => {
    told?.(point);
    dead ||= when(point);
    if (dead) throw new Error(`dead since ${pointName(point)}`);
  });
}
