/**
 * Writes a plane of a size that installing one by one would take hours for: packages that depend on each other, their files,
 * archives, receipts, specs, frameworks, registries and a long package ledger, all as the real commands would have left them:
 * `integrity-check` finds nothing in it.
 * `node scripts/big-plane.mjs DIR --packages 10000 --files 50 --entries 1000000`; keys go to DIR.home.
 */
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { writeArchive } from "../src/archive/index.ts";
import { nodeEffects } from "../src/effects/node/index.ts";
import { prettyJson } from "../src/kernel/index.ts";
import { appendEntries, settleOwed } from "../src/ledger/index.ts";
import { manifestHash } from "../src/metadata/index.ts";
import { openPlane, planeStream } from "../src/plane/index.ts";

const AT = "2026-11-01T08:00:00.000Z";
const sha256 = (text) => createHash("sha256").update(text).digest("hex");

/** @returns what was written */
export async function writeBigPlane(root, { packages, files, entries }) {
  const effects = nodeEffects({ host: { env: { ...process.env, HOLDFAST_HOME: `${root}.home` } } });
  const plane = openPlane(effects, root);
  const rows = { ownership: [], state: [], registry: [], installed: [] };
  for (let number = 0; number < packages; number++) await writePackage(effects, root, number, files, rows);
  writeGovernance(root, packages);
  append(root, "packages_registry", rows.registry);
  append(root, "packages_state", rows.state);
  append(
    root,
    "file_ownership",
    rows.ownership.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
  const stream = planeStream(plane, "ledger/packages.jsonl");
  for (let at = 0; at < entries; at += 2_000) {
    const group = Array.from({ length: Math.min(2_000, entries - at) }, (_, i) =>
      entryOf(at + i, packages, rows),
    );
    await appendEntries(effects, stream, group);
    await settleOwed(effects);
  }
  writeGeneration(root);
  return { packages, files: packages * files, entries };
}

/** Packages of one spec, and specs of one framework. */
const SPEC_PACKAGES = 5;
const FRAMEWORK_SPECS = 10;
const specOf = (number) => `SPEC-N${String(Math.floor(number / SPEC_PACKAGES)).padStart(5, "0")}`;
const frameworkOf = (number) =>
  `FMWK-N${String(Math.floor(number / SPEC_PACKAGES / FRAMEWORK_SPECS)).padStart(4, "0")}`;

function writeGovernance(root, packages) {
  const specs = [];
  const frameworks = [];
  for (let number = 0; number < packages; number += SPEC_PACKAGES) {
    const [id, framework_id] = [specOf(number), frameworkOf(number)];
    specs.push(`${id},Spec of ${SPEC_PACKAGES} packages,${framework_id},active,1.0.0,ho3,${AT}`);
    mkdirSync(`${root}/specs/${id}`, { recursive: true });
    writeFileSync(`${root}/specs/${id}/manifest.yaml`, `spec_id: ${id}\nframework_id: ${framework_id}\n`);
    if (number % (SPEC_PACKAGES * FRAMEWORK_SPECS) !== 0) continue;
    frameworks.push(`${framework_id},Framework of ${FRAMEWORK_SPECS} specs,active,1.0.0,ho3,${AT}`);
    writeFileSync(`${root}/frameworks/${framework_id}.md`, `# ${framework_id}\n`);
  }
  append(root, "specs_registry", specs);
  append(root, "frameworks_registry", frameworks);
}

/** Written once and thrown away with the plane: syncing ten thousand archives would take longer than all the rest. */
const unsynced = (fs) => ({
  ...fs,
  openWrite: (...args) => Object.assign(fs.openWrite(...args), { sync: () => undefined }),
});

const idOf = (number) => `PKG-T2-N${String(number).padStart(5, "0")}-001`;

async function writePackage(effects, root, number, count, rows) {
  const package_id = idOf(number);
  const name = `n${String(number).padStart(5, "0")}`;
  const target = `modules/${name}`;
  mkdirSync(`${root}/${target}`, { recursive: true });
  const entries = [];
  const assets = Array.from({ length: count }, (_, index) => {
    const text = `VALUE_${number}_${index} = ${number * index}\n`;
    const path = `${target}/f${String(index).padStart(3, "0")}.txt`;
    writeFileSync(`${root}/${path}`, text, { mode: 0o644 });
    entries.push({ path, executable: false, bytes: Buffer.from(text) });
    return {
      classification: "data",
      executable: false,
      path,
      sha256: `sha256:${sha256(text)}`,
      size_bytes: text.length,
    };
  });
  // A tree ten wide, so that some have many dependents and every chain is short.
  const dependencies = number === 0 ? [] : [{ id: idOf(Math.floor((number - 1) / 10)), range: "^1.0.0" }];
  const manifest = {
    schema_version: "2.0",
    package_id,
    name,
    version: "1.0.0",
    tier: "T2",
    package_type: "library",
    plane_id: "ho3",
    spec_id: specOf(number),
    compat: {},
    dependencies,
    conflicts: [],
    assets,
    metadata: {},
  };
  entries.push({ path: "manifest.json", executable: false, bytes: Buffer.from(prettyJson(manifest)) });
  const archive = `${root}/packages_store/${package_id}-1.0.0.tar.gz`;
  const packed = await writeArchive({ fs: unsynced(effects.fs) }, { out: archive, entries });
  const latest = `${root}/packages_store/${package_id}.tar.gz`;
  copyFileSync(archive, latest);
  for (const path of [archive, latest]) writeFileSync(`${path}.sha256`, packed.digest);
  writeInstalled(root, number, manifest, rows, packed);
}

/** Receipt, manifest, registry rows and what the ledger will say of it. */
function writeInstalled(root, number, manifest, rows, packed) {
  const { package_id, name, assets, dependencies, spec_id } = manifest;
  const target = `modules/${name}`;
  const manifest_hash = manifestHash(manifest);
  const transaction_id = `TX-20261101T080000-${sha256(name).slice(0, 16)}`;
  const receipt = {
    receipt_version: "2.0",
    package_id,
    version: "1.0.0",
    tier: "T2",
    package_type: "library",
    plane_id: "ho3",
    origin: "INSTALLER",
    installed_at: AT,
    installed_by: "bench",
    transaction_id,
    generation: number + 1,
    manifest_hash,
    archive_hash: `sha256:${packed.digest}`,
    content_digest: packed.content_digest,
    archive_profile: "canonical",
    assets_count: assets.length,
    work_order_id: null,
    files: assets.map((asset) => ({ ...asset, origin: "created" })),
    directories_created: [target],
    cache_before: [],
    ledger_heads: {},
  };
  mkdirSync(`${root}/installed/${package_id}`, { recursive: true });
  writeFileSync(`${root}/installed/${package_id}/manifest.json`, prettyJson(manifest));
  const text = prettyJson(receipt);
  writeFileSync(`${root}/installed/${package_id}/receipt.json`, text);
  const { archive_hash: archive_digest, generation } = receipt;
  rows.installed.push({
    package_id,
    transaction_id,
    manifest_hash,
    archive_digest,
    generation,
    receipt_sha256: sha256(text),
  });
  rows.registry.push(
    `${package_id},${name},package,library,1.0.0,packages_store/${package_id}-1.0.0.tar.gz,tar,${packed.digest},,,,,any,any,${dependencies.map(({ id, range }) => `${id}@${range}`).join(";")},,,/${target},extension,,active,yes,P1,,2026-11-01,${spec_id},,T2`,
  );
  rows.state.push(`${package_id},installed,${manifest_hash},library,ho3,${assets.length},${AT},`);
  for (const { path, sha256: digest } of assets)
    rows.ownership.push(`${path},${package_id},${digest},data,${AT}`);
}

function append(root, name, lines) {
  const path = `${root}/registries/${name}.csv`;
  const before = readFileSync(path, "utf8");
  const ending = before.includes("\r\n") ? "\r\n" : "\n";
  writeFileSync(path, before + lines.map((line) => line + ending).join(""));
}

/** Installs first, then what goes on afterwards. */
function entryOf(number, packages, { installed }) {
  const one = installed[number % packages];
  if (number < packages) {
    return {
      event_type: "INSTALLED",
      submission_id: one.package_id,
      decision: "INSTALLED",
      reason: `${one.package_id} 1.0.0 installed`,
      metadata: {
        ...one,
        version: "1.0.0",
        plane_id: "ho3",
        user: "bench",
        dedupe_key: `${one.transaction_id}:0`,
      },
    };
  }
  return {
    event_type: "plugin.action_invoked",
    submission_id: one.package_id,
    decision: "ALLOWED",
    reason: `action ${number} of ${one.package_id}`,
    metadata: { request_id: `REQ-${number}`, user: "bench", duration_ms: number % 900, host: "build" },
  };
}

function writeGeneration(root) {
  const path = `${root}/.holdfast/state/generation.json`;
  const before = JSON.parse(readFileSync(path, "utf8"));
  const registries = Object.fromEntries(
    Object.keys(before.registries).map((name) => [
      name,
      sha256(readFileSync(`${root}/registries/${name}.csv`)),
    ]),
  );
  writeFileSync(path, `${JSON.stringify({ ...before, generation: 1_000_000, registries }, null, 2)}\n`);
}

if (process.argv[1]?.endsWith("big-plane.mjs")) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { packages: { type: "string" }, files: { type: "string" }, entries: { type: "string" } },
  });
  const sizes = { packages: 10_000, files: 50, entries: 1_000_000 };
  for (const [name, text] of Object.entries(values)) sizes[name] = Number(text);
  if (positionals.length !== 1) {
    console.error("Usage: node scripts/big-plane.mjs DIR [--packages N] [--files N] [--entries N]");
    console.error('DIR is a plane made with HOLDFAST_HOME=DIR.home by "pkg init DIR".');
    process.exit(2);
  }
  console.log(await writeBigPlane(positionals[0], sizes));
}
