/** Specs and frameworks: what they ask for, and the files and packages that answer. A spec without any file is fine. */
import type { FrameworkTrace, SpecTrace, TracedFile } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { type FrameworkFacts, frameworkFacts, type SpecFacts } from "./chain.ts";
import { fileFindings, lookAt, type Recorded, recordedInReceipt, unrecorded } from "./file-list.ts";
import { filesBelow } from "./files-below.ts";
import { historyOf } from "./history.ts";
import { packagesOfFramework, packagesOfSpec } from "./receipts.ts";
import type { Sight } from "./sight.ts";

export async function traceSpec(sight: Sight, facts: SpecFacts): Promise<SpecTrace> {
  const { framework_id, ...spec } = facts;
  const framework = framework_id === "" ? undefined : frameworkFacts(sight, framework_id);
  const files = await lookAt(sight, filesOfSpec(sight, facts.spec_id));
  for (const finding of fileFindings(files)) sight.note(finding);
  return {
    ...spec,
    framework: { framework_id, title: framework?.title ?? "" },
    framework_registered: framework?.registered === true,
    files,
    packages: packagesOfSpec(sight, facts.spec_id),
    ...historyOf(sight, facts.spec_id),
  };
}

export async function traceFramework(sight: Sight, facts: FrameworkFacts): Promise<FrameworkTrace> {
  const { framework_id, document } = facts;
  const rows = [...sight.table("specs_registry").holding(framework_id)]
    .map(([, row]) => row)
    .filter((row) => row["framework_id"] === framework_id);
  const specs: FrameworkTrace["specs"] = [];
  for (const row of rows) {
    const spec_id = row["spec_id"] ?? "";
    const files = await lookAt(sight, filesOfSpec(sight, spec_id));
    specs.push({ spec_id, title: row["title"] ?? "", framework_id, status: row["status"] ?? "", files });
  }
  const packages = packagesOfFramework(sight, framework_id);
  const seen = new Map(
    specs.flatMap(({ files }) => files).map((file): [string, TracedFile] => [file.path, file]),
  );
  for (const finding of fileFindings([...seen.values()])) sight.note(finding);
  const paths = new Set(seen.keys());
  if (document !== null) paths.add(document);
  for (const { receipt } of packages.flatMap((id) => sight.installedAs(id)))
    for (const { path } of receipt.files) paths.add(path);
  return {
    ...facts,
    specs: specs.sort((a, b) => compareCodePoints(a.spec_id, b.spec_id)),
    total_files: paths.size,
    packages,
    ...historyOf(sight, framework_id),
  };
}

/** Files of its packages, its spec pack, and registered artifacts that name it. */
function filesOfSpec(sight: Sight, spec_id: string): Recorded[] {
  const found = new Map<string, Recorded>();
  const add = (file: Recorded): void => {
    if (!found.has(file.path)) found.set(file.path, file);
  };
  for (const { receipt } of packagesOfSpec(sight, spec_id).flatMap((id) => sight.installedAs(id)))
    recordedInReceipt(receipt, spec_id).forEach(add);
  for (const path of filesBelow(sight, `specs/${spec_id}`)) add(ownedOrNot(sight, path, spec_id));
  for (const [path, row] of sight.artifactsByPath) {
    if (row["source_spec_id"] !== spec_id || sight.stat(path)?.kind === "directory") continue;
    const file = ownedOrNot(sight, path, spec_id);
    add({ ...file, sha256: file.sha256 ?? (row["content_hash"] || null) });
  }
  return [...found.values()].sort((a, b) => compareCodePoints(a.path, b.path));
}

function ownedOrNot(sight: Sight, path: string, spec_id: string): Recorded {
  const owned = sight.ownedAt(path);
  if (owned === undefined) return unrecorded(path, spec_id);
  const [recorded] = recordedInReceipt({ ...owned.installed.receipt, files: [owned.file] }, spec_id);
  return recorded ?? unrecorded(path, spec_id);
}
