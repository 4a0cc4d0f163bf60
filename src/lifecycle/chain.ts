/** The governance chain of a package: its spec is registered, and so is the framework the spec complies with. */
import { parse as parseYaml } from "yaml";
import type { Manifest, Row } from "../contracts/index.ts";
import { FrameworkId, SpecId } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import type { Fault } from "../kernel/index.ts";
import { type Plane, registryPath } from "../plane/index.ts";
import { findRow } from "../registry/index.ts";
import { make } from "./faults.ts";
import { createdAt } from "./package-row.ts";
import type { RegistryChange } from "./transact.ts";

/** @throws SPEC_SYNTAX */
export function readYaml({ fs }: Pick<Effects, "fs">, root: string, path: string): Record<string, unknown> {
  let problem = "it is not a mapping";
  try {
    const value: unknown = parseYaml(fs.readText(`${root}/${path}`), { maxAliasCount: 0 });
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch (error) {
    problem = (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
  }
  throw make("SPEC_SYNTAX", `${path} is not valid YAML: ${problem}`, { path, problem });
}

export interface SpecPack {
  readonly spec_id: string;
  readonly title: string;
  readonly framework_id: string;
  readonly status: string;
  readonly version: string;
  readonly plane_id: string;
}

/** The head of `specs/<ID>/manifest.yaml`; undefined when there is none, it names another id, or no framework. */
export function readSpecPack(
  { fs }: Pick<Effects, "fs">,
  root: string,
  spec_id: string,
): SpecPack | undefined {
  const path = `specs/${spec_id}/manifest.yaml`;
  if (!SpecId.safeParse(spec_id).success || fs.stat(`${root}/${path}`)?.kind !== "file") return undefined;
  const raw = readYaml({ fs }, root, path);
  const cell = (key: string): string => (typeof raw[key] === "string" ? raw[key] : "");
  if (cell("spec_id") !== spec_id || !FrameworkId.safeParse(cell("framework_id")).success) return undefined;
  return {
    spec_id,
    title: cell("title"),
    framework_id: cell("framework_id"),
    status: cell("status") || "active",
    version: cell("version"),
    plane_id: cell("plane_id") || "ho3",
  };
}

/** The first heading of `frameworks/<ID>*.md`, which is what a framework is. */
export function readFrameworkTitle(
  { fs }: Pick<Effects, "fs">,
  root: string,
  framework_id: string,
): string | undefined {
  const directory = `${root}/frameworks`;
  if (!FrameworkId.safeParse(framework_id).success || fs.stat(directory)?.kind !== "directory")
    return undefined;
  const file = fs
    .list(directory)
    .find(
      ({ name, kind }) =>
        kind === "file" && (name === `${framework_id}.md` || name.startsWith(`${framework_id}_`)),
    );
  if (file === undefined) return undefined;
  const heading = /^#\s+(?:FMWK[-A-Z0-9]*\s*[:—-]\s*)?(.+)$/m.exec(fs.readText(`${directory}/${file.name}`));
  return heading?.[1]?.trim() ?? framework_id;
}

/** Rows a pack adds so that the chain of a package whose spec pack lies in the plane is registered with it. */
export function chainRows(effects: Effects, plane: Plane, manifest: Manifest): RegistryChange[] {
  if (manifest.spec_id === undefined) return [];
  const spec = readSpecPack(effects, plane.root, manifest.spec_id);
  if (spec === undefined || registered(effects, plane, "specs_registry", spec.spec_id) !== undefined)
    return [];
  return [{ name: "specs_registry", upsert: [specRow(effects, spec)], remove: [] }];
}

export const specRow = (effects: Pick<Effects, "clock" | "host">, spec: SpecPack): Row => ({
  ...spec,
  created_at: createdAt(effects),
});

/** Complete list of what breaks the chain. */
export function checkChain(effects: Effects, plane: Plane, manifest: Manifest): Fault[] {
  const { package_id, spec_id } = manifest;
  const problems: Fault[] = [];
  const spec = spec_id === undefined ? undefined : registered(effects, plane, "specs_registry", spec_id);
  if (spec_id !== undefined && spec === undefined) {
    problems.push(
      make("SPEC_NOT_REGISTERED", `${package_id} names ${spec_id}, which is not registered`, {
        package_id,
        field: "/spec_id",
        spec_id,
      }),
    );
  }
  const of_spec = spec?.["framework_id"] ?? "";
  const framework_id = manifest.framework_id ?? (of_spec === "" ? undefined : of_spec);
  if (
    manifest.framework_id !== undefined &&
    spec_id !== undefined &&
    of_spec !== "" &&
    of_spec !== manifest.framework_id
  ) {
    problems.push(
      make(
        "FRAMEWORK_MISMATCH",
        `${package_id} names ${manifest.framework_id}, its spec ${spec_id} complies with ${of_spec}`,
        {
          package_id,
          field: "/framework_id",
          spec_id,
          declared: manifest.framework_id,
          registered: of_spec,
        },
      ),
    );
  }
  if (
    framework_id !== undefined &&
    registered(effects, plane, "frameworks_registry", framework_id) === undefined
  ) {
    problems.push(
      make(
        "FRAMEWORK_NOT_REGISTERED",
        `${package_id} complies with ${framework_id}, which is not registered`,
        {
          package_id,
          field: manifest.framework_id === undefined ? "/spec_id" : "/framework_id",
          framework_id,
        },
      ),
    );
  }
  return problems;
}

function registered(
  effects: Effects,
  plane: Plane,
  name: "specs_registry" | "frameworks_registry",
  id: string,
): Row | undefined {
  return findRow(effects.fs, `${plane.root}/${registryPath(name)}`, name, [id])?.row;
}
