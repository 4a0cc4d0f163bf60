/** The governance chain: package or artifact → spec → framework, with the link types of the older tool. */
import type { Row } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { registryPath } from "../plane/index.ts";
import type { InstalledHead } from "../receipts/index.ts";
import type { Outcome } from "./outcome.ts";
import { shown } from "./shown.ts";

export interface ChainTables {
  readonly packages: readonly Row[];
  readonly artifacts: readonly Row[];
  /** Undefined where the registry cannot be read: then nothing is said about links into it. */
  readonly specs: readonly Row[] | undefined;
  readonly frameworks: readonly Row[] | undefined;
}

export function judgeChain(
  fs: FileSystem,
  root: string,
  tables: ChainTables,
  installed: readonly InstalledHead[],
  outcome: Outcome,
): void {
  const specs = tables.specs && new Map(tables.specs.map((row) => [row["spec_id"] ?? "", row]));
  const frameworks = tables.frameworks && new Set(tables.frameworks.map((row) => row["framework_id"] ?? ""));
  const links = new Map<string, Link>();
  const known = { source_spec_id: specs, complies_with: frameworks };
  const judge = (link: Link): void => {
    if (link.target !== "" && known[link.link_type]?.has(link.target) === false)
      links.set([link.id, link.link_type, link.target].join("\0"), link);
  };
  for (const link of linksOf(tables, installed)) judge(link);
  for (const { file, ...link } of links.values()) report(link, file, outcome);
  noteFiles(fs, root, specs?.keys() ?? [], frameworks ?? [], outcome);
}

interface Link {
  readonly id: string;
  readonly link_type: "source_spec_id" | "complies_with";
  readonly target: string;
  /** Registry to correct. */
  readonly file: string;
}

/** Every link from a package, artifact or spec to what must be registered. */
function* linksOf(tables: ChainTables, installed: readonly InstalledHead[]): Generator<Link> {
  for (const [file, rows] of [
    [registryPath("packages_registry"), tables.packages],
    [registryPath("control_plane_registry"), tables.artifacts],
  ] as const) {
    for (const { id = "", source_spec_id: target = "" } of rows)
      yield { id, link_type: "source_spec_id", target, file };
  }
  const file = registryPath("packages_registry");
  for (const { manifest } of installed) {
    const { package_id: id, spec_id = "", framework_id = "" } = manifest;
    yield { id, link_type: "source_spec_id", target: spec_id, file };
    yield { id, link_type: "complies_with", target: framework_id, file };
  }
  for (const { spec_id: id = "", framework_id: target = "" } of tables.specs ?? [])
    yield { id, link_type: "complies_with", target, file: registryPath("specs_registry") };
}

function report(
  link: { id: string; link_type: string; target: string },
  file: string,
  outcome: Outcome,
): void {
  outcome.chain_errors.push(link);
  const message = `${shown(link.id)} names ${shown(link.target)} (${link.link_type}), which is not registered`;
  outcome.find(
    "CHAIN_BROKEN",
    message,
    `Run "pkg register ${shown(link.target)}", or correct ${shown(link.id)} in ${file}.`,
    {
      path: file,
      field: link.link_type,
      actual: link.target,
    },
  );
}

/** Notes, and only where the plane keeps such folders: a registry may name documents that live elsewhere. */
function noteFiles(
  fs: FileSystem,
  root: string,
  specs: Iterable<string>,
  frameworks: Iterable<string>,
  outcome: Outcome,
): void {
  const names = (folder: string): string[] | undefined =>
    fs.stat(`${root}/${folder}`)?.kind === "directory"
      ? fs.list(`${root}/${folder}`).map(({ name }) => name)
      : undefined;
  const documents = names("frameworks");
  for (const id of documents === undefined ? [] : frameworks) {
    const is_there = documents?.some(
      (name) => name.startsWith(id) && /^([_.-].*)?\.md$/.test(name.slice(id.length)),
    );
    if (!is_there) note(id, "framework_path", `frameworks/${id}.md`, outcome);
  }
  const packs = names("specs");
  for (const id of packs === undefined ? [] : specs) {
    if (packs?.includes(id) !== true) note(id, "source_spec_path", `specs/${id}/manifest.yaml`, outcome);
  }
}

function note(id: string, link_type: string, path: string, outcome: Outcome): void {
  const message = `${shown(id)} is registered, and ${shown(path)} is not in this plane`;
  outcome.find("CHAIN_FILE_MISSING", message, `Put it there, or run "pkg unregister ${shown(id)}".`, {
    severity: "note",
    path,
    field: link_type,
  });
}
