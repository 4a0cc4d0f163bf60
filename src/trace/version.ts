/** `ID@version`: one version of a package, wherever this plane knows of it. */
import type { PackageVersionTrace, TracedEvent, TraceStatement } from "../contracts/index.ts";
import { manifestHash } from "../metadata/index.ts";
import type { PackageContent } from "./content.ts";
import { knownVersions } from "./diff.ts";
import { entryEvidence, evidence, rowEvidence } from "./evidence.ts";
import { type Line, linesAbout, newestFirst } from "./history.ts";
import { contentOf } from "./package-content.ts";
import { packageEvent } from "./package-events.ts";
import { shownReceipt } from "./receipts.ts";
import type { Sight } from "./sight.ts";

const HISTORY_MAX = 20;

interface Answer {
  readonly data: PackageVersionTrace;
  readonly statements: TraceStatement[];
}

/** Undefined for a version that neither store, registry, receipts, kept generations nor ledgers know. */
export async function traceVersion(sight: Sight, subject: string): Promise<Answer | undefined> {
  const [, id = "", version = ""] = /^(PKG(?:-[A-Z0-9]+)+)@([0-9A-Za-z.+-]{1,64})$/i.exec(subject) ?? [];
  if (id === "") return undefined;
  const package_id = id.toUpperCase();
  const row = sight.table("packages_registry").get(package_id);
  const content = await contentOf(sight, package_id, version);
  const lines = [...linesAbout(sight, package_id)].filter(
    ({ submission_id }) => submission_id === package_id,
  );
  const in_force = periodsOf(lines, version);
  const about = lines.filter(({ metadata }) => metadata["version"] === version);
  const registered = row?.["version"] === version;
  if (content === undefined && !registered && about.length === 0) return undefined;
  const receipts = sight.installedAs(package_id).filter(({ receipt }) => receipt.version === version);
  const history = newestFirst(about.map(({ event }) => event));
  const data: PackageVersionTrace = {
    package_id,
    version,
    receipts: receipts.map(shownReceipt),
    registered,
    archive: content?.archive ?? null,
    manifest: content === undefined ? null : manifestOf(content),
    in_force,
    other_versions: knownVersions(sight, package_id).filter((one) => one !== version),
    history: history.slice(0, HISTORY_MAX),
    history_left_out: Math.max(0, history.length - HISTORY_MAX),
  };
  noteDamage(sight, data);
  return { data, statements: statementsOf(sight, data, content) };
}

function manifestOf({ manifest, files }: PackageContent): PackageVersionTrace["manifest"] {
  const { name, tier, package_type, spec_id = null, framework_id = null, dependencies } = manifest;
  return {
    name,
    tier,
    package_type,
    manifest_hash: manifestHash(manifest),
    spec_id,
    framework_id,
    dependencies,
    files: [...files],
  };
}

/** From an entry that brings the version into a tier to the next one that brings another, or takes it away. */
function periodsOf(lines: readonly Line[], version: string): PackageVersionTrace["in_force"] {
  const periods: { plane_id: string; from: TracedEvent; until: TracedEvent | null }[] = [];
  const open = new Map<string, (typeof periods)[number]>();
  for (const line of lines) {
    const event = packageEvent(line);
    if (event === undefined) continue;
    const current = open.get(event.plane_id);
    if (current !== undefined && event.version !== version) {
      current.until = line.event;
      open.delete(event.plane_id);
    }
    if (event.version !== version || open.has(event.plane_id)) continue;
    const period = { plane_id: event.plane_id, from: line.event, until: null };
    periods.push(period);
    open.set(event.plane_id, period);
  }
  return periods;
}

function noteDamage(sight: Sight, { package_id, version, archive }: PackageVersionTrace): void {
  if (archive?.verified !== false) return;
  sight.note({
    code: "TRACE_ARCHIVE_DIFFERS",
    severity: "error",
    message: `${archive.path} has other bytes than are recorded for ${package_id} ${version}`,
    next_step: `Restore ${archive.path} from a backup, then run "trace --explain ${package_id}@${version}".`,
    path: archive.path,
    package_id,
    actual: archive.sha256,
  });
}

function statementsOf(
  sight: Sight,
  data: PackageVersionTrace,
  content: PackageContent | undefined,
): TraceStatement[] {
  const { package_id, version } = data;
  const name = `${package_id} ${version}`;
  const row = rowEvidence(sight, "packages_registry", package_id);
  const kind = content?.archive === undefined ? "receipt" : "archive";
  return [
    ...data.receipts.map(({ receipt, plane_id }, index) => ({
      about: `/receipts/${index}`,
      says: `${name} is installed in ${plane_id}`,
      evidence: [evidence("receipt", receipt)],
    })),
    ...(data.registered && row !== undefined
      ? [{ about: "/registered", says: `the registry names ${name}`, evidence: [row] }]
      : []),
    ...(content === undefined
      ? []
      : [
          {
            about: "/manifest",
            says: `${name} holds ${content.files.length} files`,
            evidence: [evidence(kind, content.source, { key: "manifest.json" })],
          },
        ]),
    ...data.in_force.map(({ plane_id, from, until }, index) => ({
      about: `/in_force/${index}`,
      says: `${name} was in force in ${plane_id} from ${from.timestamp}${until === null ? " on" : ` until ${until.timestamp}`}`,
      evidence: [from, ...(until === null ? [] : [until])].map((event) => entryEvidence(event)),
    })),
  ];
}
