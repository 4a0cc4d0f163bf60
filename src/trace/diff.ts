/** `trace --diff`: what changed between two versions of a package. */
import type { DiffedFile, DiffTrace, Evidence, Manifest, TraceStatement } from "../contracts/index.ts";
import { compareCodePoints, sameDigest } from "../kernel/index.ts";
import type { ContentFile, PackageContent } from "./content.ts";
import { evidence } from "./evidence.ts";
import { make } from "./faults.ts";
import { keptReceipts } from "./kept-packages.ts";
import { unknown } from "./near-names.ts";
import { contentOf } from "./package-content.ts";
import { knownPackages } from "./receipts.ts";
import type { Sight } from "./sight.ts";
import { storedVersions } from "./stored-versions.ts";
import { textDiffs } from "./text-diff.ts";

export interface DiffRequest {
  readonly package_id: string;
  readonly from: string;
  readonly to: string;
  readonly text: boolean;
}

/** @throws TRACE_SUBJECT_UNKNOWN, TRACE_VERSION_ABSENT */
export async function traceDiff(
  sight: Sight,
  request: DiffRequest,
): Promise<{ data: DiffTrace; statements: TraceStatement[] }> {
  const package_id = request.package_id.toUpperCase();
  const before = await contentOrFault(sight, package_id, request.from);
  const after = await contentOrFault(sight, package_id, request.to);
  const files = changedFiles(before, after);
  const texts = request.text ? await textDiffs(files, before, after) : new Map<string, string>();
  const counted = (change: DiffedFile["change"]): number =>
    files.filter((file) => file.change === change).length;
  const data: DiffTrace = {
    package_id,
    from: request.from,
    to: request.to,
    from_source: before.source,
    to_source: after.source,
    files: files.map((file) => ({ ...file, text: texts.get(file.path) ?? null })),
    added_count: counted("added"),
    removed_count: counted("removed"),
    changed_count: counted("changed") + counted("mode"),
    unchanged_count: before.files.length - counted("removed") - counted("changed") - counted("mode"),
    before_bytes: sizeOf(before),
    after_bytes: sizeOf(after),
    dependencies: changedDependencies(before.manifest, after.manifest),
    fields: changedFields(before.manifest, after.manifest),
  };
  return { data, statements: statementsOf(data, before, after) };
}

const sizeOf = ({ files }: PackageContent): number => files.reduce((sum, file) => sum + file.size_bytes, 0);

async function contentOrFault(sight: Sight, package_id: string, version: string): Promise<PackageContent> {
  const content = await contentOf(sight, package_id, version);
  if (content !== undefined) return content;
  const known = knownVersions(sight, package_id);
  if (known.length === 0 && !knownPackages(sight).includes(package_id))
    throw unknown(package_id, `there is no package ${package_id}`, knownPackages(sight));
  throw make(
    "TRACE_VERSION_ABSENT",
    `nothing in this plane holds the content of ${package_id} ${version.slice(0, 64)}`,
    { package_id, version, known },
  );
}

/** Versions whose content can be had. */
export function knownVersions(sight: Sight, package_id: string): string[] {
  return [
    ...new Set([
      ...storedVersions(sight, package_id),
      ...sight.installedAs(package_id).map(({ receipt }) => receipt.version),
      ...keptReceipts(sight, package_id).map(({ receipt }) => receipt.version),
    ]),
  ];
}

type Change = Omit<DiffedFile, "text">;

function changedFiles(before: PackageContent, after: PackageContent): Change[] {
  const old = new Map(before.files.map((file) => [file.path, file]));
  const now = new Map(after.files.map((file) => [file.path, file]));
  const gone = new Map(
    before.files.filter(({ path }) => !now.has(path)).map((file) => [file.sha256, file.path]),
  );
  const changes = [...new Set([...old.keys(), ...now.keys()])].flatMap((path): Change[] => {
    const [was, is] = [old.get(path), now.get(path)];
    const change = changeOf(was, is);
    if (change === undefined) return [];
    const moved_from = change === "added" ? (gone.get(is?.sha256 ?? "") ?? null) : null;
    return [{ path, change, before: sideOf(was), after: sideOf(is), moved_from }];
  });
  return changes.sort((a, b) => compareCodePoints(a.path, b.path));
}

function changeOf(was: ContentFile | undefined, is: ContentFile | undefined): Change["change"] | undefined {
  if (was === undefined || is === undefined) return was === undefined ? "added" : "removed";
  if (!sameDigest(was.sha256, is.sha256)) return "changed";
  return was.executable === is.executable && was.classification === is.classification ? undefined : "mode";
}

function sideOf(file: ContentFile | undefined): Change["before"] {
  if (file === undefined) return null;
  const { sha256, size_bytes, executable, classification } = file;
  return { sha256, size_bytes, executable, classification };
}

function changedDependencies(before: Manifest, after: Manifest): DiffTrace["dependencies"] {
  const old = new Map(before.dependencies.map(({ id, range }) => [id, range]));
  const now = new Map(after.dependencies.map(({ id, range }) => [id, range]));
  return [...new Set([...old.keys(), ...now.keys()])]
    .sort(compareCodePoints)
    .map((id) => ({ id, before: old.get(id) ?? null, after: now.get(id) ?? null }))
    .filter((one) => one.before !== one.after);
}

/** Shown elsewhere, or different by nature. */
const OTHERWISE_SHOWN = new Set(["assets", "dependencies", "version"]);

function changedFields(before: Manifest, after: Manifest): DiffTrace["fields"] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names]
    .filter((field) => !OTHERWISE_SHOWN.has(field))
    .sort(compareCodePoints)
    .map((field) => ({ field, before: member(before, field), after: member(after, field) }))
    .filter((one) => JSON.stringify(one.before) !== JSON.stringify(one.after));
}

const member = (manifest: Manifest, field: string): DiffTrace["fields"][number]["before"] =>
  ((manifest as unknown as Record<string, unknown>)[field] ?? null) as DiffTrace["fields"][number]["before"];

function statementsOf(data: DiffTrace, before: PackageContent, after: PackageContent): TraceStatement[] {
  const placeOf = ({ source, archive }: PackageContent, key: string | null): Evidence =>
    evidence(archive === undefined ? "receipt" : "archive", source, { key });
  const files = data.files.map(({ path, change, before: was, after: is }, index) => ({
    about: `/files/${index}`,
    says: `${path} ${change === "mode" ? "has the same bytes and another mode or class" : `is ${change}`}`,
    evidence: [
      ...(was === null ? [] : [placeOf(before, path)]),
      ...(is === null ? [] : [placeOf(after, path)]),
    ],
  }));
  const both = [placeOf(before, "manifest.json"), placeOf(after, "manifest.json")];
  const dependencies = data.dependencies.map(({ id, before: was, after: is }, index) => ({
    about: `/dependencies/${index}`,
    says: `the dependency on ${id} was ${was ?? "absent"} and is ${is ?? "absent"}`,
    evidence: both,
  }));
  const fields = data.fields.map(({ field }, index) => ({
    about: `/fields/${index}`,
    says: `${field} differs`,
    evidence: both,
  }));
  return [...files, ...dependencies, ...fields];
}
