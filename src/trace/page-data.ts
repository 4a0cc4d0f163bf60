/** What the page of `trace --html` holds: everything of a plane that fits, counted where it does not. Reads no file's bytes. */
import type { Dependency, Finding, Row } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { readNewest } from "../ledger/index.ts";
import { PLANE_STREAMS, planeStream } from "../plane/index.ts";
import type { Installed } from "../receipts/index.ts";
import { parseDependencies } from "../registry/index.ts";
import { sorted } from "./findings.ts";
import { newestFirst, parseLine } from "./history.ts";
import { printableDeep } from "./printable.ts";
import { frameworkOf, knownPackages, specOf } from "./receipts.ts";
import type { Sight } from "./sight.ts";

/** A page with more is slow to open on a phone. */
const FILES_MAX = 50_000;
const EVENTS_MAX = 1000;

interface PagePackage {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly tier: string;
  readonly type: string;
  readonly status: string;
  readonly installed: readonly string[];
  readonly by: string;
  readonly at: string;
  readonly transaction: string;
  readonly spec: string;
  readonly framework: string;
  readonly needs: readonly (readonly [id: string, range: string])[];
  readonly file_count: number;
  /** Path, digest, bytes, class. */
  readonly files: readonly (readonly [string, string, number, string])[];
}

interface PageEvent {
  readonly id: string;
  readonly event: string;
  readonly at: string;
  readonly user: string;
  readonly decision: string;
  readonly reason: string;
  readonly about: string;
  readonly transaction: string;
  readonly stream: string;
  readonly hash: string;
}

export interface PageData {
  readonly title: string;
  readonly counts: string;
  /** The question the page was made for. */
  readonly answer: { readonly title: string; readonly text: string } | null;
  readonly packages: readonly PagePackage[];
  readonly files_left_out: number;
  readonly files_note: string;
  readonly governance: readonly {
    readonly id: string;
    readonly title: string;
    readonly status: string;
    readonly version: string;
    readonly framework: string;
  }[];
  readonly events: readonly PageEvent[];
  readonly findings: readonly Record<"id" | "code" | "severity" | "message" | "next_step" | "path", string>[];
}

/** @param ids the packages to show; all when left out */
export function pageData(
  sight: Sight,
  { ids, answer }: { ids?: readonly string[] | undefined; answer: PageData["answer"] },
): PageData {
  const wanted = new Set(ids);
  const all = knownPackages(sight).sort(compareCodePoints);
  const shown = ids === undefined ? all : all.filter((id) => wanted.has(id));
  const packages = withFiles(sight, shown);
  const events = eventsOf(sight, ids);
  const file_count = packages.reduce((sum, one) => sum + one.file_count, 0);
  const files_shown = packages.reduce((sum, one) => sum + one.files.length, 0);
  const files_left_out = file_count - files_shown;
  const here = packages.filter(({ installed }) => installed.length > 0).length;
  const governance = [
    ...[...sight.table("specs_registry")].map(([id, row]) => governed(id, row)),
    ...[...sight.table("frameworks_registry")].map(([id, row]) => governed(id, row)),
  ];
  const data: Omit<PageData, "answer"> = {
    title: `Plane ${sight.plane.config.name}`,
    counts: [
      `${packages.length} packages`,
      `${here} installed`,
      `${file_count} files`,
      `${governance.length} specs and frameworks`,
      `the newest ${events.length} ledger entries`,
    ].join(", "),
    packages,
    files_left_out,
    files_note: `${files_left_out} more are counted in their packages but not listed here; trace --explain PATH tells of each.`,
    governance,
    events,
    findings: sorted(sight.findings).map(shownFinding),
  };
  // The lines of an answer are printable already, and their ends mean something.
  return { ...printableDeep(data), answer };
}

function governed(id: string, row: Row): PageData["governance"][number] {
  const cell = (column: string): string => row[column] ?? "";
  return {
    id,
    title: cell("title"),
    status: cell("status"),
    version: cell("version"),
    framework: cell("framework_id") === id ? "" : cell("framework_id"),
  };
}

/** Files are listed until the page is full; a package is listed whole or only counted. */
function withFiles(sight: Sight, ids: readonly string[]): PagePackage[] {
  let left = FILES_MAX;
  return ids.map((id) => {
    const here = sight.installedAs(id);
    const file_count = here.reduce((sum, { receipt }) => sum + receipt.files.length, 0);
    const fits = file_count <= left;
    if (fits) left -= file_count;
    return { ...packageOf(sight, id, here), file_count, files: fits ? here.flatMap(filesOf) : [] };
  });
}

const filesOf = ({ receipt }: Installed): PagePackage["files"][number][] =>
  receipt.files.map(({ path, sha256, size_bytes, classification }) => [
    path,
    sha256,
    size_bytes,
    classification,
  ]);

function packageOf(
  sight: Sight,
  id: string,
  here: readonly Installed[],
): Omit<PagePackage, "files" | "file_count"> {
  const row = sight.table("packages_registry").get(id);
  const [first] = here;
  return {
    id,
    ...(first === undefined ? registeredFacts(row) : installedFacts(first)),
    status: row === undefined ? "not registered" : (row["status"] ?? ""),
    installed: here.map(({ receipt }) => receipt.plane_id.toUpperCase()),
    spec: specOf(sight, id) ?? "",
    framework: frameworkOf(sight, id) ?? "",
  };
}

type Facts = Pick<PagePackage, "name" | "version" | "tier" | "type" | "by" | "at" | "transaction" | "needs">;

const needsOf = (dependencies: readonly Dependency[]): Facts["needs"] =>
  dependencies.map(({ id, range }) => [id, range] as const);

const installedFacts = ({ receipt, manifest }: Installed): Facts => ({
  name: manifest.name,
  version: receipt.version,
  tier: receipt.tier,
  type: receipt.package_type,
  by: receipt.installed_by,
  at: receipt.installed_at,
  transaction: receipt.transaction_id,
  needs: needsOf(manifest.dependencies),
});

function registeredFacts(row: Row | undefined): Facts {
  const cell = (column: string): string => row?.[column] ?? "";
  const needs = needsOf(parseDependencies(cell("deps")).dependencies);
  const said = { name: cell("name"), version: cell("version"), tier: cell("tier"), type: cell("category") };
  return { ...said, by: "", at: "", transaction: "", needs };
}

/** Newest first, over all streams. */
function eventsOf(sight: Sight, ids: readonly string[] | undefined): PageEvent[] {
  const wanted = ids === undefined ? undefined : new Set(ids);
  const lines = PLANE_STREAMS.flatMap((name) => {
    try {
      return readNewest(sight.effects.fs, planeStream(sight.plane, name), EVENTS_MAX).flatMap(({ text }) => {
        const line = parseLine(text, name, 1);
        return line === undefined ? [] : [line];
      });
    } catch (error) {
      sight.noteFault(error);
      return [];
    }
  }).filter(({ submission_id }) => wanted?.has(submission_id) ?? true);
  const by_event = new Map(lines.map((line) => [line.event, line]));
  return newestFirst([...by_event.keys()])
    .slice(0, EVENTS_MAX)
    .map((event) => {
      const line = by_event.get(event);
      return {
        id: event.id,
        event: event.event,
        at: event.timestamp,
        user: event.user ?? "",
        decision: event.decision,
        reason: event.reason,
        about: line?.submission_id ?? "",
        transaction: event.transaction_id ?? "",
        stream: event.stream,
        hash: line?.entry_hash ?? "",
      };
    });
}

const shownFinding = (finding: Finding, index: number): PageData["findings"][number] => ({
  id: String(index + 1),
  code: finding.code,
  severity: finding.severity,
  message: finding.message,
  next_step: finding.next_step,
  path: finding.path ?? "",
});
