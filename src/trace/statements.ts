/** What stands behind the answers about packages, files and the like: one sentence for each fact with a place of its own. */
import type {
  ArtifactTrace,
  DigestTrace,
  Evidence,
  FileTrace,
  FrameworkTrace,
  LedgerEntryTrace,
  PackageTrace,
  SpecTrace,
  TracedEvent,
  TracedReceipt,
  TraceStatement,
} from "../contracts/index.ts";
import { registryPath } from "../plane/index.ts";
import {
  dependencyPlaces,
  entryEvidence,
  evidence,
  inJson,
  LINES_LOOKED_UP_MAX,
  rowEvidence,
} from "./evidence.ts";
import { pluginStatements } from "./plugins.ts";
import type { Sight } from "./sight.ts";

const places = (...found: readonly (Evidence | undefined)[]): Evidence[] =>
  found.filter((one) => one !== undefined);

export function packageStatements(sight: Sight, data: PackageTrace): TraceStatement[] {
  const { package_id } = data;
  const row = rowEvidence(sight, "packages_registry", package_id);
  return [
    ...(row === undefined
      ? []
      : [{ about: "/registry_row", says: `${package_id} is registered: ${data.status}`, evidence: [row] }]),
    ...data.receipts.map((receipt, index) => receiptStatement(receipt, `/receipts/${index}`)),
    ...data.dependencies.map(({ id, range }, index) => ({
      about: `/dependencies/${index}`,
      says: `${package_id} needs ${id} ${range}`,
      evidence: dependencyPlaces(sight, package_id, id, index < LINES_LOOKED_UP_MAX),
    })),
    ...data.dependents.flatMap(({ id, range, direct }, index) =>
      direct
        ? [
            {
              about: `/dependents/${index}`,
              says: `${id} needs ${package_id} ${range ?? "*"}`,
              evidence: dependencyPlaces(sight, id, package_id, index < LINES_LOOKED_UP_MAX),
            },
          ]
        : [],
    ),
    ...(data.spec === null
      ? []
      : [
          {
            about: "/spec",
            says: `it implements ${data.spec.id}`,
            evidence: places(rowEvidence(sight, "specs_registry", data.spec.id)),
          },
        ]),
    ...pluginStatements(sight, data.plugins ?? []),
    ...historyStatements(data.history),
  ];
}

const receiptStatement = (receipt: TracedReceipt, about: string): TraceStatement => ({
  about,
  says: `${receipt.package_id} ${receipt.version} was installed in ${receipt.plane_id} by ${receipt.installed_by} at ${receipt.installed_at}`,
  evidence: [evidence("receipt", receipt.receipt)],
});

function historyStatements(events: readonly TracedEvent[]): TraceStatement[] {
  return events.map((event, index) => ({
    about: `/history/${index}`,
    says: `${event.event}${event.user === null ? "" : ` by ${event.user}`} at ${event.timestamp}`,
    evidence: [entryEvidence(event)],
  }));
}

export function fileStatements(sight: Sight, data: FileTrace): TraceStatement[] {
  const { path, ownership, installed, artifact_id } = data;
  const row = sight.ownershipRow(path);
  const owners = places(
    installed === null
      ? undefined
      : inJson(sight, "receipt", installed.receipt, ['"files"', JSON.stringify(path)]),
    row === undefined
      ? undefined
      : evidence("registry", registryPath("file_ownership"), { line: row.line, key: path }),
  );
  return [
    ...(ownership === null
      ? []
      : [{ about: "/ownership", says: `${path} belongs to ${ownership.package}`, evidence: owners }]),
    ...(data.hash.recorded === null
      ? []
      : [{ about: "/hash", says: `${path} is recorded as ${data.hash.recorded}`, evidence: owners }]),
    ...(installed === null ? [] : [receiptStatement(installed, "/installed")]),
    ...(artifact_id === null
      ? []
      : [
          {
            about: "/artifact_id",
            says: `${path} is registered as ${artifact_id}`,
            evidence: places(rowEvidence(sight, "control_plane_registry", artifact_id)),
          },
        ]),
    ...(data.source_of === null
      ? []
      : [
          {
            about: "/source_of",
            says: `${path} lies in the source tree of ${data.source_of}`,
            evidence: places(rowEvidence(sight, "packages_registry", data.source_of)),
          },
        ]),
  ];
}

export function specStatements(sight: Sight, data: SpecTrace): TraceStatement[] {
  return [
    {
      about: "/registered",
      says: `${data.spec_id} is ${data.registered ? "registered" : "a spec pack in the plane that is not registered"}`,
      evidence: places(
        rowEvidence(sight, "specs_registry", data.spec_id) ??
          evidence("document", `specs/${data.spec_id}/manifest.yaml`),
      ),
    },
    ...historyStatements(data.history),
  ];
}

export function frameworkStatements(sight: Sight, data: FrameworkTrace): TraceStatement[] {
  const row = rowEvidence(sight, "frameworks_registry", data.framework_id);
  const document = data.document === null ? undefined : evidence("document", data.document);
  return [
    {
      about: "/registered",
      says: `${data.framework_id} is ${data.registered ? "registered" : "a document that is not registered"}`,
      evidence: places(row, document),
    },
    ...data.specs.map(({ spec_id }, index) => ({
      about: `/specs/${index}`,
      says: `${spec_id} complies with ${data.framework_id}`,
      evidence: places(rowEvidence(sight, "specs_registry", spec_id)),
    })),
    ...historyStatements(data.history),
  ];
}

export function artifactStatements(sight: Sight, data: ArtifactTrace): TraceStatement[] {
  const own = rowEvidence(sight, "control_plane_registry", data.artifact_id);
  return [
    {
      about: "/registry_row",
      says: `${data.artifact_id} is registered: ${data.status}`,
      evidence: places(own),
    },
    ...data.dependents.map((id, index) => ({
      about: `/dependents/${index}`,
      says: `${id} needs ${data.artifact_id}`,
      evidence: places(rowEvidence(sight, "control_plane_registry", id)),
    })),
  ];
}

export function digestStatements(data: DigestTrace): TraceStatement[] {
  return data.matches.map(({ kind, path, package: owner, recorded_in }, index) => {
    const [, stream, line, id] = /^(.+\.jsonl):(\d+) (.*)$/.exec(recorded_in) ?? [];
    const place =
      stream === undefined
        ? evidence(recorded_in.endsWith(".csv") ? "registry" : "receipt", recorded_in, { key: path ?? owner })
        : entryEvidence({ stream, line: Number(line), id: id ?? "" });
    const what = [kind.replace("_", " "), owner, path].filter(Boolean).join(" ");
    return { about: `/matches/${index}`, says: `${what} has this digest`, evidence: [place] };
  });
}

export const entryStatements = (data: LedgerEntryTrace): TraceStatement[] => [
  {
    about: "",
    says: `${data.event} ${data.submission_id}: ${data.reason}`,
    evidence: [entryEvidence(data, data.entry_hash)],
  },
];
