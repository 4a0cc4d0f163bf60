/** Lives of a plane: operations and tamperings one after another, each followed by a fast check and a full one. */
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect } from "vitest";
import type { IntegrityReport } from "../../src/contracts/index.ts";
import { type RememberedOptions, rememberedCheck } from "../../src/integrity/index.ts";
import { settleOwed } from "../../src/ledger/index.ts";
import { restore } from "../../src/lifecycle/index.ts";
import { openPlane } from "../../src/plane/index.ts";
import { copyOfPlane, type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { writeTree } from "../support/tree.ts";

const OPTIONS = { orphans: false, dry_run: false, version: "1" };
export const IDS = ["PKG-T1-A-001", "PKG-T1-B-001", "PKG-T1-C-001"] as const;

/** What the two modes must agree on; the index is no matter of the fast one. */
const answer = (report: IntegrityReport): object => {
  const { timestamp: _t, mode: _m, hashed_count: _h, trusted_count: _b, findings, ...rest } = report;
  return { ...rest, findings: findings.filter(({ code }) => code !== "INDEX_DIVERGED") };
};

export async function checked(
  { effects, root }: LibraryPlane,
  options: Partial<RememberedOptions> & { readonly fast: boolean },
): Promise<IntegrityReport> {
  await settleOwed(effects);
  await setTimeout(15);
  return rememberedCheck(effects, openPlane(effects, root), { ...OPTIONS, ...options });
}

/** The fast check says what a full one says that remembers nothing. */
export async function expectSame(on: LibraryPlane, label: string): Promise<IntegrityReport> {
  const fast = await checked(on, { fast: true });
  expect([label, answer(fast)]).toEqual([label, answer(await checked(on, { fast: false, dry_run: true }))]);
  return fast;
}

let made: Promise<LibraryPlane>;
const folder = mkdtempSync(join(tmpdir(), "recalled-"));
beforeAll(() => {
  made = makeLife();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Three packages in the store, the first of which is installed; two versions of it. */
export async function aLife(): Promise<LibraryPlane> {
  return copyOfPlane(await made);
}

async function makeLife(): Promise<LibraryPlane> {
  const on = await libraryPlane(folder);
  for (const [index, id] of IDS.entries()) {
    const name = "abc"[index] ?? "";
    writeTree(on.root, {
      [`src/${name}/holdfast.toml`]: packageToml(id, { target: `modules/${name}` }),
      [`src/${name}/x.txt`]: `x of ${name}\n`,
      [`src/${name}/data/y.txt`]: `y of ${name}\n`,
      [`src/${name}/settings.toml`]: `level = 1\n`,
    });
    await on.pack(`src/${name}`);
  }
  await on.install([IDS[0]]);
  return on;
}

/** Resolves to what may be said of it; rejects where the plane refuses, which is no matter here. */
export type Deed = readonly [
  name: string,
  act: (on: LibraryPlane, pick: (count: number) => number) => unknown,
];

const TARGETS = ["modules/a/x.txt", "modules/a/data/y.txt", "modules/b/x.txt", "modules/c/settings.toml"];
const at = (on: LibraryPlane, path: string): string => join(on.root, path);
const bump = (on: LibraryPlane, path: string, how: (full: string) => void): void => {
  if (existsSync(at(on, path))) how(at(on, path));
};
const flip = (full: string): void => {
  const bytes = readFileSync(full);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(full, bytes);
};

export const OPERATIONS: readonly Deed[] = [
  ["install", (on, pick) => on.install([IDS[pick(3)] ?? IDS[0]])],
  ["uninstall", (on, pick) => on.uninstall([IDS[pick(3)] ?? IDS[0]], { accept_drift: true })],
  [
    "pack another version and update",
    async (on, pick) => {
      const name = "abc"[pick(3)] ?? "a";
      const toml = at(on, `src/${name}/holdfast.toml`);
      const version = `1.0.${1 + pick(40)}`;
      writeFileSync(toml, readFileSync(toml, "utf8").replace(/version = "[^"]*"/, `version = "${version}"`));
      writeFileSync(at(on, `src/${name}/x.txt`), `x of ${name} ${version}\n`);
      await on.pack(`src/${name}`);
      await on.update([IDS["abc".indexOf(name)] ?? IDS[0]]);
    },
  ],
  ["rollback", (on, pick) => on.rollback([IDS[pick(3)] ?? IDS[0]])],
  ["undo", (on) => on.rollback([])],
  ["repair", (on) => restore(on.effects, on.plane, { token: on.token, dry_run: false })],
];

/** Each leaves the plane as somebody without any right to could. */
export const TAMPERINGS: readonly Deed[] = [
  ["edit", (on, pick) => bump(on, TARGETS[pick(4)] ?? "", (full) => appendFileSync(full, "more\n"))],
  [
    "edit with the time restored",
    (on, pick) =>
      bump(on, TARGETS[pick(4)] ?? "", (full) => {
        const { atime, mtime } = statSync(full);
        flip(full);
        utimesSync(full, atime, mtime);
      }),
  ],
  [
    "replace by rename",
    (on, pick) =>
      bump(on, TARGETS[pick(4)] ?? "", (full) => {
        copyFileSync(full, join(on.root, "../other"));
        flip(join(on.root, "../other"));
        renameSync(join(on.root, "../other"), full);
      }),
  ],
  [
    "symlink to equal bytes",
    (on, pick) =>
      bump(on, TARGETS[pick(4)] ?? "", (full) => {
        renameSync(full, join(on.root, "../moved"));
        symlinkSync(join(on.root, "../moved"), full);
      }),
  ],
  [
    "write through a hard link",
    (on, pick) =>
      bump(on, TARGETS[pick(4)] ?? "", (full) => {
        const link = join(on.root, "../link");
        rmSync(link, { force: true });
        linkSync(full, link);
        flip(link);
      }),
  ],
  ["remove", (on, pick) => rmSync(at(on, TARGETS[pick(4)] ?? ""), { force: true })],
  [
    "mode",
    (on, pick) =>
      bump(on, TARGETS[pick(4)] ?? "", (full) =>
        chmodSync(full, [0o755, 0o666, 0o644, 0o4644][pick(4)] ?? 0o644),
      ),
  ],
  ["a file more", (on, pick) => bump(on, "lib", (full) => writeFileSync(join(full, `more${pick(2)}`), ""))],
  [
    "a file more in an owned folder",
    (on) => bump(on, "modules/a", (full) => writeFileSync(join(full, "more.txt"), "")),
  ],
  ["an empty folder", (on, pick) => mkdirSync(at(on, `modules/a/empty${pick(2)}`), { recursive: true })],
  ["a folder of anybody", (on) => bump(on, "modules/a", (full) => chmodSync(full, 0o777))],
  ["a folder as it was", (on) => bump(on, "modules/a", (full) => chmodSync(full, 0o755))],
  [
    "a folder in place of a folder",
    (on) =>
      bump(on, "modules/a", (full) => {
        cpSync(full, join(on.root, "../copy"), { recursive: true });
        rmSync(full, { recursive: true });
        renameSync(join(on.root, "../copy"), full);
      }),
  ],
  [
    "a link in place of a folder",
    (on) =>
      bump(on, "modules/a/data", (full) => {
        rmSync(join(on.root, "../data"), { recursive: true, force: true });
        renameSync(full, join(on.root, "../data"));
        symlinkSync(join(on.root, "../data"), full);
      }),
  ],
  ["a receipt", (on) => bump(on, `installed/${IDS[0]}/receipt.json`, flip)],
  [
    "a receipt touched",
    (on) => bump(on, `installed/${IDS[0]}/receipt.json`, (full) => utimesSync(full, 1, 1)),
  ],
  ["a manifest", (on) => bump(on, `installed/${IDS[0]}/manifest.json`, (full) => appendFileSync(full, " "))],
  [
    "a receipt gone",
    (on, pick) => rmSync(at(on, `installed/${IDS[pick(3)]}`), { recursive: true, force: true }),
  ],
  [
    "a receipt copied",
    (on) =>
      bump(on, `installed/${IDS[0]}`, (full) =>
        cpSync(full, at(on, `installed/${IDS[2]}`), { recursive: true }),
      ),
  ],
  [
    "a stray beside receipts",
    (on) => bump(on, "installed", (full) => writeFileSync(join(full, "stray"), "")),
  ],
  [
    "a registry row",
    (on, pick) => {
      const name = ["file_ownership", "packages_state", "packages_registry", "frameworks_registry"][pick(4)];
      bump(on, `registries/${name}.csv`, (full) => {
        const rows = readFileSync(full, "utf8").split("\r\n");
        const row = 1 + pick(Math.max(1, rows.length - 2));
        if (pick(2) === 0) rows.splice(row, 1);
        else rows[row] = (rows[row] ?? "").replace(/[a-z]/, "q");
        writeFileSync(full, rows.join("\r\n"));
      });
    },
  ],
  [
    "two ownership rows swapped",
    (on) =>
      bump(on, "registries/file_ownership.csv", (full) => {
        const rows = readFileSync(full, "utf8").split("\r\n");
        [rows[1], rows[2]] = [rows[2] ?? "", rows[1] ?? ""];
        writeFileSync(full, rows.join("\r\n"));
      }),
  ],
  [
    "the tail of a ledger",
    (on) => bump(on, "ledger/packages.jsonl", (full) => truncateSync(full, statSync(full).size - 3)),
  ],
  ["a byte of a ledger", (on) => bump(on, "ledger/packages.jsonl", flip)],
  [
    "a tile",
    (on) => bump(on, "ledger/packages/tile/0/000.p", (full) => flip(join(full, readdirSync(full)[0] ?? ""))),
  ],
  ["a checkpoint", (on) => bump(on, "ledger/packages/checkpoint", flip)],
  ["an archive", (on, pick) => bump(on, `packages_store/${IDS[pick(3)]}-1.0.0.tar.gz`, flip)],
  ["a sidecar", (on, pick) => bump(on, `packages_store/${IDS[pick(3)]}-1.0.0.tar.gz.sha256`, flip)],
  [
    "an archive more",
    (on) => bump(on, "packages_store", (full) => writeFileSync(join(full, "x.tar.gz"), "x")),
  ],
  [
    "evidence more",
    (on) =>
      bump(on, "packages_store", (full) =>
        writeFileSync(join(full, `${IDS[0]}-1.0.0.tar.gz.golden.jsonl`), "{}\n"),
      ),
  ],
  [
    "a signature more",
    (on) =>
      bump(on, "packages_store", (full) => writeFileSync(join(full, `${IDS[0]}-1.0.0.tar.gz.sig`), "x")),
  ],
  [
    "waivers",
    (on, pick) =>
      writeFileSync(
        at(on, "config/waivers.toml"),
        pick(2) === 0
          ? "waiver = []\n"
          : '[[waiver]]\ncode = "FILE_DRIFT"\nowner = "ann"\nreason = "known"\nexpires = 2020-01-01\n',
      ),
  ],
  ["no waivers", (on) => rmSync(at(on, "config/waivers.toml"), { force: true })],
  [
    "the configuration",
    (on) => bump(on, "config/plane.toml", (full) => appendFileSync(full, "# a word more\n")),
  ],
  [
    "the keys of the plane",
    (on) => bump(on, "config/trusted_keys.json", (full) => appendFileSync(full, " ")),
  ],
  ["generation", (on) => bump(on, ".holdfast/state/generation.json", (full) => appendFileSync(full, "\n"))],
  ["the cache gone", (on) => rmSync(at(on, ".holdfast/cache"), { recursive: true, force: true })],
  ["the cache damaged", (on) => bump(on, ".holdfast/cache/stat.bin", flip)],
  ["the cache cut", (on) => bump(on, ".holdfast/cache/stat.bin", (full) => truncateSync(full, 1000))],
  [
    "the head of a ledger",
    (on) => {
      const heads = join(on.plane.keys_directory, "heads");
      const name = existsSync(heads) ? readdirSync(heads)[0] : undefined;
      if (name !== undefined && statSync(join(heads, name)).isFile()) flip(join(heads, name));
    },
  ],
  [
    "a spec without a row",
    (on, pick) =>
      writeTree(on.root, { [`specs/SPEC-${pick(3)}/manifest.yaml`]: `spec_id: SPEC-${pick(3)}\n` }),
  ],
];

/** Those at the beginning concern files of packages alone. */
const MILD_COUNT = 14;

/** So many deeds, drawn by the seed; after each the two modes agree. */
export async function live(on: LibraryPlane, seed: number, deeds_count: number): Promise<string[]> {
  let state = seed;
  const pick = (count: number): number => (state = (state * 1103515245 + 12345) % 2 ** 31) % count;
  const told: string[] = [];
  await expectSame(on, `seed ${seed} at first`);
  for (let turn = 0; turn < deeds_count; turn++) {
    // Most operations are refused on a plane whose records were tampered with.
    const deeds = pick(1 << 20) % 7 < 5 ? OPERATIONS : TAMPERINGS.slice(0, MILD_COUNT);
    const [name, act] = deeds[(pick(1 << 20) >> 4) % deeds.length] ?? OPERATIONS[0] ?? ["", () => undefined];
    mkdirSync(dirname(on.root), { recursive: true });
    try {
      await act(on, (count) => (pick(1 << 20) >> 4) % count);
      told.push(name);
    } catch {
      told.push(`${name} (refused)`);
    }
    await expectSame(on, `seed ${seed}: ${told.join(", ")}`);
  }
  return told;
}
