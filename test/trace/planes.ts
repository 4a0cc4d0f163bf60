/** Small planes on disk, written by hand: receipts, registries, store and ledgers without the lifecycle. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Asset, NewLedgerEntry, PlaneTier, RegistryName, Row } from "../../src/contracts/index.ts";
import { Manifest, REGISTRY_COLUMNS, REGISTRY_NAMES, Receipt } from "../../src/contracts/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { prefixed, sha256Hex } from "../../src/kernel/index.ts";
import { appendEntries } from "../../src/ledger/index.ts";
import { manifestHash } from "../../src/metadata/index.ts";
import { openPlane, type Plane, planeStream } from "../../src/plane/index.ts";
import { manifestCopyPath, receiptPath } from "../../src/receipts/index.ts";

const roots: string[] = [];
export const removePlanes = (): void => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
};

export interface Package {
  readonly id: string;
  readonly version?: string;
  /** Plane-relative path to content. */
  readonly files: Readonly<Record<string, string>>;
  readonly dependencies?: readonly { id: string; range: string }[];
  readonly conflicts?: readonly string[];
  readonly spec_id?: string;
  readonly framework_id?: string;
  readonly tier?: PlaneTier;
  readonly transaction_id?: string;
  readonly classification?: "code" | "config" | "state";
}

export class TestPlane {
  readonly root: string;
  readonly effects: ReturnType<typeof nodeEffects>;
  readonly plane: Plane;
  readonly #rows = new Map<RegistryName, Row[]>();

  constructor(host: { cwd?: string } = {}) {
    const base = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-trace-")));
    roots.push(base);
    this.root = join(base, "plane");
    this.write("config/plane.toml", CONFIG);
    this.effects = nodeEffects({
      host: {
        env: { PATH: process.env["PATH"] },
        home: join(base, "home"),
        cwd: host.cwd === undefined ? this.root : join(this.root, host.cwd),
      },
    });
    this.plane = openPlane(this.effects, this.root);
    for (const name of REGISTRY_NAMES) this.rows(name);
  }

  write(path: string, content: string | Uint8Array, mode = 0o644): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), content, { mode });
  }

  /** Adds rows and writes the whole registry. */
  rows(name: RegistryName, ...added: readonly Row[]): void {
    const rows = [...(this.#rows.get(name) ?? []), ...added];
    this.#rows.set(name, rows);
    const columns: readonly string[] = REGISTRY_COLUMNS[name];
    const lines = [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ""))];
    const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    this.write(`registries/${name}.csv`, lines.map((cells) => `${cells.map(cell).join(",")}\r\n`).join(""));
  }

  /** As an install leaves it, ledger aside. */
  install(one: Package): Receipt {
    const { id, version = "1.0.0", tier = "ho3" } = one;
    const prefix = tier === "ho3" ? "" : `planes/${tier}/`;
    const assets = Object.entries(one.files).map(([path, content]): Asset => {
      this.write(prefix + path, content);
      return {
        path,
        sha256: prefixed(sha256Hex(content)),
        size_bytes: Buffer.byteLength(content),
        executable: false,
        classification: one.classification ?? "code",
      };
    });
    const manifest = Manifest.parse({
      schema_version: "2.0",
      package_id: id,
      name: `The ${id}`,
      version,
      tier: /^PKG-(T\d)-/.exec(id)?.[1] ?? "T1",
      package_type: "library",
      plane_id: "ho3",
      assets,
      dependencies: one.dependencies ?? [],
      conflicts: one.conflicts ?? [],
      ...(one.spec_id === undefined ? {} : { spec_id: one.spec_id }),
      ...(one.framework_id === undefined ? {} : { framework_id: one.framework_id }),
    });
    const receipt = Receipt.parse({
      receipt_version: "2.0",
      package_id: id,
      version,
      tier: manifest.tier,
      package_type: "library",
      plane_id: tier,
      origin: "INSTALLER",
      installed_at: "2026-03-01T10:00:00.000Z",
      installed_by: "alice",
      transaction_id: one.transaction_id ?? "TX-20260301T100000-0011223344556677",
      generation: 3,
      manifest_hash: manifestHash(manifest),
      archive_hash: prefixed(sha256Hex(`archive of ${id}`)),
      content_digest: sha256Hex(`tar of ${id}`),
      archive_profile: "canonical",
      assets_count: assets.length,
      work_order_id: null,
      files: assets.map((asset) => ({ ...asset, path: prefix + asset.path, origin: "created" })),
      directories_created: [],
      cache_before: [],
      ledger_heads: {},
    });
    this.write(receiptPath(id, tier), JSON.stringify(receipt));
    this.write(manifestCopyPath(id, tier), JSON.stringify(manifest));
    this.store(id, version, `archive of ${id}`);
    return receipt;
  }

  store(id: string, version: string, bytes: string): void {
    this.write(`packages_store/${id}-${version}.tar.gz`, bytes);
    this.write(`packages_store/${id}-${version}.tar.gz.sha256`, sha256Hex(bytes));
  }

  register(id: string, cells: Row = {}): void {
    this.rows("packages_registry", {
      id,
      name: `The ${id}`,
      version: "1.0.0",
      status: "active",
      tier: "T1",
      ...cells,
    });
  }

  own(receipt: Receipt): void {
    this.rows(
      "file_ownership",
      ...receipt.files.map((file) => ({
        file_path: file.path,
        owner_package_id: receipt.package_id,
        sha256: file.sha256,
        classification: file.classification,
        installed_at: receipt.installed_at,
      })),
    );
  }

  async append(stream: string, ...entries: readonly NewLedgerEntry[]) {
    mkdirSync(dirname(join(this.root, stream)), { recursive: true });
    mkdirSync(`${this.plane.keys_directory}/heads`, { recursive: true, mode: 0o700 });
    return (await appendEntries(this.effects, planeStream(this.plane, stream), entries)).entries;
  }
}

export const entry = (
  event_type: string,
  submission_id: string,
  metadata: Record<string, string | number> = {},
): NewLedgerEntry => ({
  event_type,
  submission_id,
  decision: event_type.toUpperCase(),
  reason: `${submission_id} ${event_type}`,
  metadata,
});

const CONFIG = `format_version = 1
plane_uid = "0123456789abcdef0123456789abcdef"
name = "test"
governed_roots = ["modules", "specs", "frameworks", "lib"]
sources = ["modules/*", "specs/*", "frameworks/*"]
excluded = []
`;

const MODULE = `"""The core of base."""


def build(plan):
    """Builds the plan."""


class Engine:
    def run(self):
        "Runs it."

    def _hidden(self): ...


def _private(): ...
`;

/** TOP needs MID needs BASE; WANTS is registered only; SPEC-EMPTY-001 has no file. */
export async function aChain(host: { cwd?: string } = {}): Promise<TestPlane> {
  const test = new TestPlane(host);
  test.rows("frameworks_registry", {
    framework_id: "FMWK-100",
    title: "Agent Standard",
    status: "active",
    version: "1.0.0",
  });
  test.rows(
    "specs_registry",
    {
      spec_id: "SPEC-EMPTY-001",
      title: "Nothing yet",
      framework_id: "FMWK-100",
      status: "draft",
      version: "0.1.0",
    },
    {
      spec_id: "SPEC-MID-001",
      title: "The middle",
      framework_id: "FMWK-100",
      status: "active",
      version: "1.0.0",
    },
  );
  test.write("frameworks/FMWK-100_agent_standard.md", "# FMWK-100: Agent Standard\n");
  test.write("specs/SPEC-MID-001/00_overview.md", "# What it is about\n");
  test.rows("control_plane_registry", {
    id: "LIB-CORE",
    name: "Core",
    entity_type: "library",
    purpose: "The registered purpose",
    artifact_path: "/modules/base/core.py",
    status: "active",
    source_spec_id: "SPEC-MID-001",
  });
  test.rows("control_plane_registry", {
    id: "SCRIPT-USER",
    name: "User",
    entity_type: "script",
    artifact_path: "/lib/user.py",
    status: "active",
    dependencies: "LIB-CORE, LIB-GONE",
  });
  const base = test.install({
    id: "PKG-T0-BASE-001",
    files: { "modules/base/__init__.py": "", "modules/base/core.py": MODULE },
  });
  const mid = test.install({
    id: "PKG-T1-MID-001",
    version: "1.2.0",
    files: { "modules/mid/mid.py": "'''In the middle.'''\n" },
    dependencies: [{ id: "PKG-T0-BASE-001", range: "^1.0.0" }],
    spec_id: "SPEC-MID-001",
  });
  const top = test.install({
    id: "PKG-T2-TOP-001",
    files: { "modules/top/top.md": "# On top\n" },
    dependencies: [{ id: "PKG-T1-MID-001", range: "^1.0.0" }],
    transaction_id: "TX-20260302T100000-8899aabbccddeeff",
  });
  for (const receipt of [base, mid, top]) {
    test.own(receipt);
    test.register(receipt.package_id, {
      version: receipt.version,
      artifact_path: `/modules/${receipt.package_id.split("-")[2]?.toLowerCase() ?? ""}`,
    });
  }
  test.register("PKG-T1-WANTS-001", { deps: "PKG-T0-BASE-001@^1.0.0", artifact_path: "/modules/wants" });
  test.write("modules/wants/source.py", "x = 1\n");
  await test.append(
    "ledger/governance.jsonl",
    entry("GENESIS", "GENESIS-HO3"),
    entry("package_pack", "PKG-T0-BASE-001", { user: "bob" }),
  );
  const installed = [base, mid, top].map(({ package_id, transaction_id, generation, archive_hash }) =>
    entry("INSTALLED", package_id, {
      user: "alice",
      transaction_id,
      generation,
      archive_digest: archive_hash,
    }),
  );
  await test.append("ledger/packages.jsonl", entry("GENESIS", "GENESIS-HO3"), ...installed);
  return test;
}
