/** Files, folders and artifacts for people. */
import type { ArtifactTrace, DirectoryTrace, FileTrace, TracedWhy } from "../contracts/index.ts";
import { bytesLines, fileTable, labelled, limited, nameList, section } from "./page.ts";
import { installedText, titled, whyLines } from "./render-package.ts";

const FUNCTIONS_SHOWN_MAX = 10;

export function fileLines(data: FileTrace): string[] {
  const { ownership, why, docstring } = data;
  return [
    `# ${data.path}`,
    "",
    ...placeLines(data),
    ...labelled("verdict", verdictText(data)),
    ...labelled("recorded", data.hash.recorded ?? ""),
    ...labelled("now", data.hash.current ?? ""),
    ...labelled("installed", data.installed === null ? "" : installedText(data.installed)),
    ...section("Why", ownership === null || why === null ? [] : whyOwned(ownership.package, why)),
    ...section("Used by", nameList(data.dependents, data.dependents_left_out)),
    ...section("Description", (docstring ?? "") === "" ? [] : (docstring ?? "").split("\\n").slice(0, 6)),
    ...section("Functions", functionLines(data.functions)),
  ];
}

const whyOwned = (owner: string, why: TracedWhy): string[] => [`Owned by ${owner}.`, ...whyLines(owner, why)];

function placeLines({ purpose, role, kind, ownership, source_of, ...data }: FileTrace): string[] {
  const nobody = source_of === null ? "nobody" : `nobody (source of ${source_of})`;
  const classes = [data.classification, data.origin, data.executable === true ? "executable" : null];
  return [
    ...labelled("what", [purpose, role].filter(Boolean).join("; ") || (kind ?? "nothing lies here")),
    ...labelled("owner", ownership?.package ?? nobody),
    ...labelled("artifact", data.artifact_id ?? ""),
    ...labelled("spec", titledOrNothing(ownership?.spec_id, ownership?.spec_title)),
    ...labelled("framework", titledOrNothing(ownership?.framework_id, ownership?.framework_title)),
    ...labelled("class", classes.filter(Boolean).join(", ")),
  ];
}

const titledOrNothing = (id: string | null | undefined, title: string | null | undefined): string =>
  typeof id === "string" ? titled(id, title ?? "") : "";

function verdictText({ verdict, exists }: FileTrace): string {
  if (verdict === null) return exists ? "not governed" : "absent";
  const says = {
    match: "match: its bytes are those on record",
    drift: "DRIFT: it is not what was installed",
    missing: "MISSING",
    unowned: "UNOWNED: it lies in a governed folder without an owner",
    source: "source: it lies in a declared source tree",
    not_verifiable: "not verifiable: there is nothing to compare with, or it cannot be read",
  };
  return says[verdict];
}

function functionLines(functions: FileTrace["functions"]): string[] {
  const lines = functions
    .slice(0, FUNCTIONS_SHOWN_MAX)
    .map(({ name, purpose }) => `${name}${purpose === "" ? "" : ` - ${purpose}`}`);
  return functions.length > FUNCTIONS_SHOWN_MAX
    ? [...lines, `… and ${functions.length - FUNCTIONS_SHOWN_MAX} more; --json lists all.`]
    : lines;
}

export function directoryLines(data: DirectoryTrace): string[] {
  return [
    `# ${data.path}`,
    "",
    ...labelled("what", data.role || "folder"),
    ...labelled("source of", data.source_of ?? ""),
    ...labelled(
      "owned",
      `${data.total_files} files of ${data.packages.length + data.packages_left_out} packages`,
    ),
    ...packageCounts(data).flatMap((line) => labelled("", line)),
    ...section("Contents", [
      ...fileTable(data.files),
      ...(data.files_left_out === 0
        ? []
        : [`… and ${data.files_left_out} more files that were not read; --all reads them.`]),
      ...(data.files.length === 0 ? [] : ["", ...bytesLines(data.files)]),
    ]),
  ];
}

const packageCounts = ({ packages, packages_left_out }: DirectoryTrace): string[] =>
  limited(packages, 20, (one) => [`${one.package} (${one.file_count})`], packages_left_out);

export function artifactLines(data: ArtifactTrace): string[] {
  return [
    `# ${data.artifact_id}`,
    "",
    ...labelled("what", [data.name, data.entity_type, data.status].filter(Boolean).join(", ")),
    ...labelled("purpose", data.purpose),
    ...labelled("spec", data.spec_id ?? ""),
    ...labelled("path", data.registry_row["artifact_path"] ?? ""),
    ...section(
      "Needs",
      data.dependencies.map(({ id, known }) => (known ? id : `${id} (unknown)`)),
    ),
    ...section("Used by", nameList(data.dependents)),
    ...section("File", data.file === null ? [] : fileLines(data.file).slice(2)),
  ];
}
