/** What a change of one row would break in the registries: judged on a changed copy, before anything is changed. */
import type { Finding, RegistryName, Row } from "../contracts/index.ts";
import { REGISTRY_KEYS } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { type Fault, sortedBy } from "../kernel/index.ts";
import { type Plane, registryPath } from "../plane/index.ts";
import { readInstalled } from "../receipts/index.ts";
import { checkRegistry, findRow, rewriteRegistry, scanRows } from "../registry/index.ts";
import { make } from "./faults.ts";
import { memoryFile } from "./memory-file.ts";

/** Columns that name a row of another registry; the rows of `pkg registry validate`, which only looks. */
const REFERENCES = [
  { from: "specs_registry", column: "framework_id", to: "frameworks_registry" },
  { from: "packages_registry", column: "source_spec_id", to: "specs_registry" },
  { from: "control_plane_registry", column: "source_spec_id", to: "specs_registry" },
] as const satisfies readonly { from: RegistryName; column: string; to: RegistryName }[];

interface RowChange {
  readonly name: RegistryName;
  readonly upsert: readonly Row[];
  /** Keys of rows that go. */
  readonly remove: readonly (readonly string[])[];
}

/** Errors `pkg registry validate` would report of the registry afterwards and does not report now, as faults. */
export function checkRowChange({ fs }: Pick<Effects, "fs">, plane: Plane, change: RowChange): Fault[] {
  const { name, upsert, remove } = change;
  const path = registryPath(name);
  const from = `${plane.root}/${path}`;
  const to = `${from} after`;
  const after = memoryFile(fs, to, from);
  rewriteRegistry(after, { ...change, from, to, insert: "end" });
  const known = new Set(errorsOf(checkRegistry(fs, from, name)).map(keyOf));
  const id = upsert[0]?.[REGISTRY_KEYS[name][0] ?? ""] ?? remove[0]?.[0] ?? "";
  return errorsOf(checkRegistry(after, to, name))
    .filter((finding) => !known.has(keyOf(finding)))
    .map(({ code, message, field = "" }) =>
      make("ROW_REFUSED", `${id} would leave ${path} invalid: ${message}`, {
        id,
        field,
        finding: code,
        path,
      }),
    );
}

/** A registry without a row is an error of a plane that governs nothing, and none of the row that went. */
const errorsOf = (findings: readonly Finding[]): Finding[] =>
  findings.filter(({ severity, code }) => severity === "error" && code !== "REGISTRY_EMPTY");

/** Lines move when a row comes or goes. */
const keyOf = ({ code, message, field, package_id, actual }: Finding): string =>
  JSON.stringify([code, message.replace(/line \d+/g, "line"), field, package_id, actual]);

/** References of one row to rows that are not registered. `columns`: those to be judged. */
export function checkReferences(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
  { name, id, row }: { readonly name: RegistryName; readonly id: string; readonly row: Row },
  columns: ReadonlySet<string>,
): Fault[] {
  return REFERENCES.filter(({ from, column }) => from === name && columns.has(column)).flatMap(
    ({ column, to }) => {
      const target = row[column] ?? "";
      if (target === "" || findRow(fs, `${plane.root}/${registryPath(to)}`, to, [target]) !== undefined)
        return [];
      const message = `${id} names ${target}, which ${registryPath(to)} does not have`;
      return [make("REFERENCE_UNREGISTERED", message, { id, field: column, target })];
    },
  );
}

/** Rows and installed packages that name the row which is to go. */
export function usersOf(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
  name: RegistryName,
  id: string,
): { readonly registered: readonly string[]; readonly installed: readonly string[] } {
  const registered = REFERENCES.filter(({ to }) => to === name).flatMap(({ from, column }) =>
    [...scanRows(fs, `${plane.root}/${registryPath(from)}`, from)].flatMap((scanned) => {
      const row = scanned.cells();
      return row[column] === id ? [row[REGISTRY_KEYS[from][0] ?? ""] ?? ""] : [];
    }),
  );
  const installed =
    name === "specs_registry" || name === "frameworks_registry"
      ? readInstalled(fs, plane.root).flatMap(({ manifest }) =>
          manifest.spec_id === id || manifest.framework_id === id ? [manifest.package_id] : [],
        )
      : [];
  return { registered: unique(registered), installed: unique(installed) };
}

const unique = (ids: readonly string[]): string[] => sortedBy([...new Set(ids)], (id) => id);
