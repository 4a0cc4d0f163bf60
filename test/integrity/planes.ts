/** Small whole planes, written by hand: packages with receipts, registries, archives and ledgers that agree with each other. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type {
  Classification,
  IntegrityReport,
  Manifest,
  PlaneTier,
  RegistryName,
} from "../../src/contracts/index.ts";
import {
  REGISTRY_COLUMNS,
  REGISTRY_NAMES,
  IntegrityReport as ReportShape,
} from "../../src/contracts/index.ts";
import type { Effects, FileSystem } from "../../src/effects/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { checkIntegrity, type IntegrityOptions } from "../../src/integrity/index.ts";
import { prefixed, prettyJson, sha256Hex } from "../../src/kernel/index.ts";
import { ensureSigningKeys, keysPlaces } from "../../src/keys/index.ts";
import { appendEntries, genesisEntry, settleOwed } from "../../src/ledger/index.ts";
import { manifestHash } from "../../src/metadata/index.ts";
import {
  digestOf,
  generationBytes,
  openPlane,
  PLANE_STREAMS,
  type Plane,
  planeStream,
  recordConfig,
} from "../../src/plane/index.ts";
import { receiptDirectory, tierPrefix } from "../../src/receipts/index.ts";

export interface TestFile {
  readonly text: string;
  readonly as?: Classification;
  readonly executable?: boolean;
}

export interface TestPackage {
  readonly id: string;
  readonly tier?: PlaneTier;
  readonly files: Readonly<Record<string, TestFile>>;
  readonly spec_id?: string;
  readonly dependencies?: Manifest["dependencies"];
}

export interface TestPlane {
  readonly effects: Effects;
  readonly plane: Plane;
  readonly root: string;
  readonly check: (options?: Partial<IntegrityOptions>) => Promise<IntegrityReport>;
  readonly put: (path: string, text: string | Uint8Array, mode?: number) => void;
}

const INSTALLED_AT = "2026-01-02T03:04:05+00:00";
type Rows = Record<RegistryName, Record<string, string>[]>;

export const ONE_PACKAGE: TestPackage = {
  id: "PKG-T1-ALPHA-001",
  spec_id: "SPEC-ALPHA-001",
  files: {
    "modules/alpha/main.py": { text: "VALUE = {'a', 'b'}\n\ndef run(x):\n    return x in {1, 2, 3}\n" },
    "modules/alpha/other.py": { text: "OTHER = 2\n" },
    "modules/alpha/run.sh": { text: "#!/bin/sh\necho alpha\n", executable: true },
    "lib/alpha/settings.toml": { text: "level = 1\n", as: "config" },
    "lib/alpha/counter": { text: "0\n", as: "state" },
  },
};

export async function aPlane(
  packages: readonly TestPackage[] = [ONE_PACKAGE],
  change: (rows: Rows) => void = () => undefined,
): Promise<TestPlane> {
  const top = mkdtempSync(join(tmpdir(), "integrity-"));
  onTestFinished(() => rmSync(top, { recursive: true, force: true }));
  const root = join(top, "plane");
  const put: TestPlane["put"] = (path, text, mode = 0o644) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    chmodSync(join(root, path), mode);
  };
  const rows = Object.fromEntries(REGISTRY_NAMES.map((name) => [name, []])) as unknown as Rows;
  rows.specs_registry.push({
    spec_id: "SPEC-ALPHA-001",
    title: "Alpha",
    framework_id: "FMWK-100",
    status: "active",
    version: "1.0.0",
    plane_id: "ho3",
    created_at: "2026-01-01T00:00:00Z",
  });
  rows.frameworks_registry.push({
    framework_id: "FMWK-100",
    title: "House rules",
    status: "active",
    version: "1.0.0",
    plane_id: "ho3",
    created_at: "2026-01-01T00:00:00Z",
  });
  put("specs/SPEC-ALPHA-001/manifest.yaml", "spec_id: SPEC-ALPHA-001\n");
  put("frameworks/FMWK-100_house_rules.md", "# House rules\n");
  put("config/plane.toml", CONFIG);
  const receipts = packages.map((one) => install(one, rows, put));
  change(rows);
  for (const name of REGISTRY_NAMES) put(`registries/${name}.csv`, csv(name, rows[name]));
  const env = {
    PATH: process.env["PATH"],
    PYENV_ROOT: process.env["PYENV_ROOT"] ?? join(homedir(), ".pyenv"),
  };
  const effects = nodeEffects({ host: { home: join(top, "home"), cwd: top, env } });
  const plane = openPlane(effects, root);
  mkdirSync(join(root, ".holdfast/state"), { recursive: true });
  mkdirSync(join(plane.keys_directory, "heads"), { recursive: true });
  const writing = { ...effects, fs: withoutSyncs(effects.fs) };
  ensureSigningKeys(writing, keysPlaces(plane.keys_directory), plane.config.plane_uid);
  for (const name of PLANE_STREAMS)
    await appendEntries(writing, planeStream(plane, name), [genesisEntry({ tier: "ho3" })]);
  await recordConfig(writing, plane, "ann");
  const stream = planeStream(plane, "ledger/packages.jsonl");
  await appendEntries(
    writing,
    stream,
    receipts.map(({ package_id, plane_id, manifest_hash, archive_hash }) => ({
      event_type: "INSTALLED",
      submission_id: package_id,
      decision: "INSTALLED",
      reason: `${package_id} installed`,
      metadata: { plane_id, manifest_hash, archive_digest: archive_hash },
    })),
  );
  await settleOwed(writing);
  const registries = Object.fromEntries(
    REGISTRY_NAMES.map((name) => [name, digestOf(effects.fs, `${root}/registries/${name}.csv`) ?? ""]),
  );
  put(
    ".holdfast/state/generation.json",
    generationBytes({ generation: 3, transaction_id: "TX", registries }),
  );
  const check: TestPlane["check"] = async (options) => {
    // As at the end of each command that records something.
    await settleOwed(effects);
    // Opened anew, as each command does: the configuration may have changed.
    return ReportShape.parse(
      await checkIntegrity(effects, openPlane(effects, root), { orphans: false, ...options }),
    );
  };
  return { effects, plane, root, check, put };
}

/** A fixture that a power cut loses is no loss, and fsync is most of what it would cost. */
function withoutSyncs(fs: FileSystem): FileSystem {
  const nothing = (): void => undefined;
  const openWrite: FileSystem["openWrite"] = (path, options) => ({
    ...fs.openWrite(path, options),
    sync: nothing,
    datasync: nothing,
  });
  return { ...fs, openWrite, syncDirectory: nothing };
}

const CONFIG = [
  "format_version = 1",
  'plane_uid = "0123456789abcdef0123456789abcdef"',
  'name = "test"',
  'governed_roots = ["frameworks", "lib", "modules", "scripts", "specs"]',
  'sources = ["frameworks/*", "modules/*", "specs/*"]',
  'excluded = ["lib/excluded"]',
  "",
].join("\n");

function install(one: TestPackage, rows: Rows, put: TestPlane["put"]) {
  const { id: package_id, tier: plane_id = "ho3", spec_id } = one;
  const archive = Buffer.from(`archive of ${package_id}`);
  const source = `packages_store/${package_id}-1.0.0.tar.gz`;
  const digest = sha256Hex(archive);
  put(source, archive);
  put(`${source}.sha256`, digest);
  const assets = Object.entries(one.files).map(([path, { text, as = "code", executable = false }]) => ({
    path,
    sha256: prefixed(sha256Hex(text)),
    size_bytes: Buffer.byteLength(text),
    executable,
    classification: as,
  }));
  const manifest: Manifest = {
    schema_version: "2.0",
    package_id,
    name: "alpha",
    version: "1.0.0",
    tier: "T1",
    package_type: "library",
    plane_id,
    ...(spec_id === undefined ? {} : { spec_id }),
    compat: {},
    dependencies: one.dependencies ?? [],
    conflicts: [],
    assets,
    metadata: {},
  };
  const manifest_hash = manifestHash(manifest);
  const files = assets.map((asset) => ({
    ...asset,
    path: tierPrefix(plane_id) + asset.path,
    origin: "created" as const,
  }));
  const receipt = {
    receipt_version: "2.0",
    package_id,
    version: "1.0.0",
    tier: "T1",
    package_type: "library",
    plane_id,
    origin: "INSTALLER",
    installed_at: INSTALLED_AT,
    installed_by: "ann",
    transaction_id: "TX",
    generation: 3,
    manifest_hash,
    archive_hash: prefixed(digest),
    content_digest: digest,
    archive_profile: "canonical",
    assets_count: assets.length,
    work_order_id: null,
    files,
    directories_created: [],
    cache_before: [],
    ledger_heads: {},
  };
  for (const { path, executable } of files) {
    const text = one.files[path.slice(tierPrefix(plane_id).length)]?.text ?? "";
    put(path, text, executable ? 0o755 : 0o644);
    rows.file_ownership.push({
      file_path: path,
      owner_package_id: package_id,
      sha256: prefixed(sha256Hex(text)),
      classification: files.find((file) => file.path === path)?.classification ?? "",
      installed_at: INSTALLED_AT,
    });
  }
  put(`${receiptDirectory(package_id, plane_id)}/receipt.json`, prettyJson(receipt));
  put(`${receiptDirectory(package_id, plane_id)}/manifest.json`, prettyJson(manifest));
  rows.packages_state.push({
    package_id,
    status: "installed",
    manifest_hash,
    package_type: "library",
    plane_id,
    assets_count: String(assets.length),
    installed_at: INSTALLED_AT,
  });
  rows.packages_registry.push({
    id: package_id,
    name: "alpha",
    entity_type: "package",
    category: "library",
    version: "1.0.0",
    source,
    source_type: "tar",
    digest,
    platform: "any",
    arch: "any",
    output_type: "extension",
    status: "active",
    selected: "yes",
    priority: "P1",
    owner: "ann",
    created_at: "2026-01-02",
    source_spec_id: spec_id ?? "",
    tier: "T1",
  });
  return receipt;
}

function csv(name: RegistryName, rows: readonly Record<string, string>[]): string {
  const columns: readonly string[] = REGISTRY_COLUMNS[name];
  return [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ""))]
    .map((cells) => `${cells.join(",")}\r\n`)
    .join("");
}

/** Codes of the findings that make a plane unhealthy. */
export const errorCodes = (report: IntegrityReport): string[] =>
  [
    ...new Set(
      report.findings
        .filter(({ severity, waived }) => severity === "error" && waived === undefined)
        .map(({ code }) => code),
    ),
  ].sort();

export const verdictOf = (report: IntegrityReport, path: string): string | undefined =>
  report.paths.find((one) => one.path === path)?.verdict;

/** Changes the text of one file; fails when there was nothing to change. */
export function edit(root: string, path: string, from: string | RegExp, to: string): void {
  const text = readFileSync(join(root, path), "utf8");
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`${path} does not hold ${String(from)}`);
  writeFileSync(join(root, path), changed);
}
