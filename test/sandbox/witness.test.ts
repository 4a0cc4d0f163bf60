/** The witness: it says what holds, and sees a layer that silently does nothing. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import type { Effects } from "../../src/effects/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { examineSandbox, findWall, interpreterFiles, provenWall } from "../../src/sandbox/index.ts";
import { CLAIMS, claimsFor } from "../../src/sandbox/witness/claims.ts";
import { tryWall } from "../../src/sandbox/witness/try-wall.ts";
import { offers } from "./scene.ts";

const PYTHON = "/usr/bin/python3";
const NODE = { executable: process.execPath, readable: [], version: process.versions.node };

/** Outside of /tmp, which root covers before it starts anything. */
function folderFor(fake: string): string {
  const folder = mkdtempSync("/var/tmp/witness-");
  // Root starts it as another user.
  chmodSync(folder, 0o755);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(`${folder}/bwrap`, fake, { mode: 0o755 });
  return folder;
}

/** What it costs to be believed: takes the arguments of bubblewrap, and just runs the program. */
const DOES_NOTHING = `#!${PYTHON}
import os, sys
args = sys.argv[1:]
at = args.index("--")
with os.fdopen(int(args[args.index("--args") + 1])) as file:
    words = file.read().split("\\0")
env = {words[i + 1]: words[i + 2] for i in range(len(words)) if words[i] == "--setenv"}
os.execve(args[at + 1], args[at + 1:], env)
`;

async function asked(kind: "node" | "integration" = "node") {
  const interpreter = { executable: PYTHON, readable: (await interpreterFiles(nodeEffects(), PYTHON)) ?? [] };
  return { kind, runtime: "python" as const, interpreter };
}

function cacheFolder(): string {
  const folder = mkdtempSync(`${tmpdir()}/cache-`);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const excluding = (setting: string): Effects => {
  const real = nodeEffects();
  return nodeEffects({ host: { env: { ...real.host.env, HOLDFAST_JAIL: setting } } });
};

test("every promise is tried and holds, in Python and in Node", async () => {
  const effects = nodeEffects();
  const wall = await findWall(effects, { accepts_weaker: () => false });
  const python = await tryWall(effects, wall, await asked("integration"));
  expect(python.tried.filter(({ is_proven }) => !is_proven)).toEqual([]);
  const wanted = CLAIMS.filter(({ kinds }) => kinds?.includes("integration") ?? true).map(({ id }) => id);
  expect(python.tried.map(({ claim }) => claim)).toEqual(wanted);
  const node = await tryWall(effects, wall, { kind: "agent", runtime: "node", interpreter: NODE });
  expect(node.tried.filter(({ is_proven }) => !is_proven)).toEqual([]);
  expect(node.tried.length).toBeGreaterThan(15);
});

/** Kept by other layers, and by the kernel, also behind a bubblewrap that does nothing: the filter is not its. */
const KEPT = [
  "files.system",
  "network.tcp",
  "network.socket",
  "network.unix",
  "programs.none",
  "rights.gain",
  "descriptors",
  "terminal",
  "memory",
  "allowed",
];
const KEPT_WITHOUT = {
  node: KEPT,
  python: [
    ...KEPT,
    // What outlives the tree may not write any more: there is nobody left to answer for it.
    "processes.tree",
    "processes.count",
    "processes.trace",
    "kernel.ring",
    "kernel.spaces",
    "denials.kernel",
  ],
};

// Without Landlock the probe, which is root here, would reach this machine.
test.skipIf(!offers("landlock")).each(["node", "python"] as const)(
  "a bubblewrap that silently does nothing loses its promises by name, as %s sees it",
  async (runtime) => {
    const folder = folderFor(DOES_NOTHING);
    const real = nodeEffects();
    // Of a user who has nothing to give up: what that user is denied anyway is no merit of a layer.
    const effects = nodeEffects({ host: { env: { ...real.host.env, TMPDIR: folder }, uid: 65534 } });
    const wall = {
      layer: "bubblewrap",
      bwrap: `${folder}/bwrap`,
      perl: "/usr/bin/perl",
      may_disable_userns: true,
    } as const;
    const request =
      runtime === "node" ? { kind: "node" as const, runtime, interpreter: NODE } : await asked("node");
    const { tried } = await tryWall(effects, wall, request);
    const lost = tried.filter(({ is_proven }) => !is_proven).map(({ claim }) => claim);
    const promised = claimsFor("node", runtime).map(({ id }) => id);
    expect(lost).toEqual(promised.filter((id) => !KEPT_WITHOUT[runtime].includes(id)));
    expect(tried.filter(({ seen }) => seen.includes("no answer"))).toEqual([]);
  },
);

test("a proof is kept for this kernel, these tools and this interpreter, and made again for others", async () => {
  const real = nodeEffects();
  let starts = 0;
  const effects: Effects = {
    ...real,
    programs: {
      start: (request) => {
        starts++;
        return real.programs.start(request);
      },
    },
  };
  const request = { ...(await asked()), accepts_weaker: () => false, cache_folder: cacheFolder() };
  expect((await provenWall(effects, request)).layer).toBe("bubblewrap");
  const first = starts;
  expect(first).toBeGreaterThan(0);
  await provenWall(effects, request);
  expect(starts).toBe(first);
  const path = `${request.cache_folder}/sandbox-witness.json`;
  expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ version: 1 });
  const other_kernel: Effects = {
    ...effects,
    fs: {
      ...effects.fs,
      readText: (name) => (name === "/proc/version" ? "another kernel" : real.fs.readText(name)),
    },
  };
  await provenWall(other_kernel, request);
  expect(starts).toBe(2 * first);
  writeFileSync(path, '{"proofs": "damaged"');
  await provenWall(effects, request);
  expect(starts).toBe(3 * first);
});

test("without bubblewrap: refused by name with the command to install it; with an approval, the next layer", async () => {
  const effects = excluding("namespaces");
  const hidden: Effects = {
    ...nodeEffects(),
    fs: {
      ...nodeEffects().fs,
      stat: (path) => (path.endsWith("/bwrap") ? undefined : nodeEffects().fs.stat(path)),
    },
  };
  await expect(findWall(hidden, { accepts_weaker: () => false })).rejects.toMatchObject({
    code: "SANDBOX_LAYER_MISSING",
    details: { layer: "bubblewrap", cure: "apt-get install bubblewrap" },
    next_step: expect.stringContaining("pkg approve run-without-bubblewrap"),
  });
  const request = { ...(await asked()), cache_folder: cacheFolder() };
  await expect(provenWall(effects, { ...request, accepts_weaker: () => false })).rejects.toMatchObject({
    code: "SANDBOX_LAYER_MISSING",
  });
  const next = await provenWall(hidden, { ...request, accepts_weaker: () => true });
  expect(next.layer).toBe("namespaces");
  // Also what no run is refused for.
  const { tried } = await tryWall(hidden, next, await asked());
  expect(tried.filter(({ is_proven }) => !is_proven)).toEqual([]);
  expect(tried.map(({ claim }) => claim)).toContain("denials.kernel");
});

test("a promise that is not kept is refused by name", async () => {
  const real = nodeEffects();
  const blind: Effects = {
    ...real,
    fs: {
      ...real.fs,
      openWrite: (path, options) => {
        const file = real.fs.openWrite(path, options);
        // A filter that answers every call with "allow", where bubblewrap is what is started.
        const blinded = (bytes: Uint8Array): Uint8Array => {
          const text = Buffer.from(bytes).toString("latin1");
          const all = text.replaceAll(/[0-9a-f]{400,}/g, "060000000000ff7f");
          return text.includes("/bwrap\0") ? Buffer.from(all, "latin1") : bytes;
        };
        return path.endsWith("/directives")
          ? { ...file, write: (bytes) => file.write(blinded(bytes)), close: () => file.close() }
          : file;
      },
    },
  };
  const request = { ...(await asked()), cache_folder: cacheFolder(), accepts_weaker: () => false };
  await expect(provenWall(blind, request)).rejects.toMatchObject({
    code: "SANDBOX_UNPROVEN",
    details: { layer: "seccomp", kind: "node", runtime: "python" },
  });
  expect(existsSync(`${request.cache_folder}/sandbox-witness.json`)).toBe(false);
  // The doctor says what runs do.
  const accepting = { ...request, accepts_weaker: () => true };
  expect((await provenWall(blind, accepting)).layer).toBe("namespaces");
  const asking = { python: undefined, node: NODE, onProgress: () => undefined };
  const report = await examineSandbox(blind, { ...asking, accepts_weaker: () => true });
  expect(report.is_proven, JSON.stringify(report.claims)).toBe(true);
  expect(report.layers).toMatchObject([
    { layer: "bubblewrap", is_in_use: false, reason: expect.stringContaining("does not keep its promise") },
    { layer: "namespaces", is_in_use: true },
  ]);
});

test("the doctor lays claim, layer and proof side by side", async () => {
  const doing: string[] = [];
  const report = await examineSandbox(nodeEffects(), {
    python: undefined,
    node: NODE,
    accepts_weaker: () => false,
    onProgress: (text) => doing.push(text),
  });
  expect(doing).toHaveLength(4);
  expect(report.is_proven, JSON.stringify(report.claims.filter(({ is_proven }) => !is_proven))).toBe(true);
  expect(report.layers[0]).toMatchObject({ layer: "bubblewrap", is_in_use: true });
  expect(report.claims.find(({ claim }) => claim === "network.domain")?.tried).toEqual(["integration/node"]);
  const without = await examineSandbox(excluding("landlock"), {
    python: undefined,
    node: NODE,
    accepts_weaker: () => false,
    onProgress: () => undefined,
  });
  expect(without).toMatchObject({ is_proven: false, claims: [] });
  expect(without.layers[0]).toMatchObject({ is_usable: false, cure: "unset HOLDFAST_JAIL" });
});
