/** Spec and framework of a subject, from the registries, else from the documents that lie in the plane. */
import type { Row } from "../contracts/index.ts";
import type { Sight } from "./sight.ts";

export interface SpecFacts {
  readonly spec_id: string;
  readonly title: string;
  readonly status: string;
  readonly version: string;
  readonly framework_id: string;
  readonly registered: boolean;
}

export interface FrameworkFacts {
  readonly framework_id: string;
  readonly title: string;
  readonly status: string;
  readonly version: string;
  readonly registered: boolean;
  /** Plane-relative path of its document. */
  readonly document: string | null;
}

const SPEC_ID = /^SPEC(-[A-Z0-9]+)+$/;
const FRAMEWORK_ID = /^FMWK(-[A-Z0-9]+)+$/;
const UNREGISTERED = "not registered";

/** Undefined when it is neither registered nor a spec pack in the plane. */
export async function specFacts(sight: Sight, spec_id: string): Promise<SpecFacts | undefined> {
  const row = sight.table("specs_registry").get(spec_id);
  if (row !== undefined) return { ...factsOf(row), spec_id, framework_id: row["framework_id"] ?? "" };
  const path = `specs/${spec_id}/manifest.yaml`;
  if (!SPEC_ID.test(spec_id) || sight.stat(path)?.kind !== "file") return undefined;
  const head = await readYaml(sight, path);
  const cell = (key: string): string => (typeof head[key] === "string" ? head[key] : "");
  return {
    spec_id,
    title: cell("title"),
    status: UNREGISTERED,
    version: cell("version"),
    framework_id: cell("framework_id"),
    registered: false,
  };
}

/** Undefined when it is neither registered nor a document in `frameworks/`. */
export function frameworkFacts(sight: Sight, framework_id: string): FrameworkFacts | undefined {
  const row = sight.table("frameworks_registry").get(framework_id);
  const document = frameworkDocument(sight, framework_id);
  if (row !== undefined) return { ...factsOf(row), framework_id, document };
  if (document === null) return undefined;
  return { framework_id, title: "", status: UNREGISTERED, version: "", registered: false, document };
}

function factsOf(row: Row): { title: string; status: string; version: string; registered: true } {
  return {
    title: row["title"] ?? "",
    status: row["status"] ?? "",
    version: row["version"] ?? "",
    registered: true,
  };
}

function frameworkDocument(sight: Sight, framework_id: string): string | null {
  const folder = `${sight.plane.root}/frameworks`;
  if (!FRAMEWORK_ID.test(framework_id) || sight.stat("frameworks")?.kind !== "directory") return null;
  const found = sight.effects.fs
    .list(folder)
    .find(
      ({ name, kind }) =>
        kind === "file" && (name === `${framework_id}.md` || name.startsWith(`${framework_id}_`)),
    );
  return found === undefined ? null : `frameworks/${found.name}`;
}

async function readYaml(sight: Sight, path: string): Promise<Record<string, unknown>> {
  // Loaded only for a spec pack that is not registered: the library costs more than the rest of a trace.
  const { parse } = await import("yaml");
  try {
    const value: unknown = parse(sight.effects.fs.readText(`${sight.plane.root}/${path}`), {
      maxAliasCount: 0,
    });
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    sight.note({
      code: "TRACE_SPEC_UNREADABLE",
      severity: "error",
      message: `${path} is not readable YAML`,
      next_step: `Correct ${path}, then run "pkg spec check".`,
      path,
    });
    return {};
  }
}

/** Ids of specs and frameworks whose documents are among these paths. */
export function coveredBy(paths: Iterable<string>): { specs: Set<string>; frameworks: Set<string> } {
  const specs = new Set<string>();
  const frameworks = new Set<string>();
  for (const path of paths) {
    const spec_id = /^specs\/(SPEC(?:-[A-Z0-9]+)+)\//.exec(path)?.[1];
    const framework_id = /^frameworks\/(FMWK(?:-[A-Z0-9]+)+)[._]/.exec(path)?.[1];
    if (spec_id !== undefined) specs.add(spec_id);
    if (framework_id !== undefined) frameworks.add(framework_id);
  }
  return { specs, frameworks };
}
