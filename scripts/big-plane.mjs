/**
 * Writes a plane of a size that installing one by one would take hours for: packages that depend on each other, their files,
 * receipts, registries and a long package ledger, all as the real commands would have left them.
 * `node scripts/big-plane.mjs DIR --packages 10000 --files 50 --entries 1000000`; keys go to DIR.home.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
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
  for (let number = 0; number < packages; number++) writePackage(root, number, files, rows);
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

const idOf = (number) => `PKG-T2-N${String(number).padStart(5, "0")}-001`;

function writePackage(root, number, count, rows) {
  const package_id = idOf(number);
  const name = `n${String(number).padStart(5, "0")}`;
  const target = `modules/${name}`;
  mkdirSync(`${root}/${target}`, { recursive: true });
  const assets = Array.from({ length: count }, (_, index) => {
    const text = `VALUE_${number}_${index} = ${number * index}\n`;
    const path = `${target}/f${String(index).padStart(3, "0")}.txt`;
    writeFileSync(`${root}/${path}`, text, { mode: 0o644 });
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
    compat: {},
    dependencies,
    conflicts: [],
    assets,
    metadata: {},
  };
  writeInstalled(root, number, manifest, rows);
}

/** Receipt, manifest, registry rows and what the ledger will say of it. */
function writeInstalled(root, number, manifest, rows) {
  const { package_id, name, assets, dependencies } = manifest;
  const target = `modules/${name}`;
  const manifest_hash = manifestHash(manifest);
  const archive = sha256(package_id);
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
    archive_hash: `sha256:${archive}`,
    content_digest: sha256(`${name} content`),
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
    `${package_id},${name},package,library,1.0.0,https://packages.example.org/${package_id}-1.0.0.tar.gz,tar,${archive},,,,,any,any,${dependencies.map(({ id }) => id).join(";")},,,/${target},extension,,active,yes,P1,,2026-11-01,,,T2`,
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
  console.log(await writeBigPlane(positionals[0], sizes));
}
