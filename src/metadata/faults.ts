import { type Details, defineFaults, Fault, type FaultKind, kind } from "../kernel/index.ts";

type FieldProblem = Details & { path: string; field: string };
/** A problem with its place in a file; `judged` is what "pkg preflight" is told to judge again. */
type Placed = FieldProblem & { line?: number; column?: number; judged?: string };

type Spot = { readonly path: string; readonly line?: number; readonly column?: number };
const where = ({ path, line, column }: Spot): string =>
  line === undefined ? path : `${path} at line ${line}, column ${column ?? 1}`;
const AGAIN = `then run "pkg pack --src DIR".`;
/** Ends every next step: the command that judges again. */
export const again = ({ judged }: { readonly judged?: string | undefined }): string =>
  judged === undefined ? AGAIN : `then run "pkg preflight ${quoted(judged)}".`;
/** The same fault of a source that is known by name: its next step names it. */
export function namingSource(fault: Fault, judged: string): Fault {
  const { code, message, details, exit_code } = fault;
  const next_step = fault.next_step.replace(AGAIN, () => again({ judged }));
  return next_step === fault.next_step ? fault : new Fault({ code, message, details, exit_code, next_step });
}
const quoted = (word: string): string =>
  /^[\w./@:+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

type CodesOf<K> = {
  [C in keyof K]: K[C] extends FaultKind<infer D> ? (Placed extends D ? C : never) : never;
}[keyof K] &
  string;
/** The codes a problem with a place may have. */
export type PlacedCode = CodesOf<typeof metadataFaults>;

export const {
  catalogue: metadataFaults,
  raise,
  make,
} = defineFaults({
  /** A value of the wrong kind or form. */
  METADATA_INVALID: kind<Placed>(2, (d) => `Correct ${d.field} in ${where(d)}, ${again(d)}`),
  /** No JSON or TOML at all. */
  METADATA_SYNTAX: kind<Details & { path: string; line?: number; column?: number; judged?: string }>(
    2,
    (d) => `Correct ${where(d)}, ${again(d)}`,
  ),
  /** Two files say different things. */
  METADATA_CONFLICT: kind<Placed & { forms?: readonly string[] }>(
    2,
    (d) => `Keep one value of ${d.field} in ${(d.forms ?? [d.path]).join(" and ")}, ${again(d)}`,
  ),
  /** A key nobody knows; the nearest known one is named. */
  METADATA_FIELD_UNKNOWN: kind<Placed & { nearest?: string }>(2, (d) =>
    d.nearest === undefined
      ? `Remove ${d.field} from ${where(d)}, ${again(d)}`
      : `Rename ${d.field} to ${d.nearest} in ${where(d)} or remove it, ${again(d)}`,
  ),
  /** One object holds a key twice. */
  METADATA_KEY_DUPLICATE: kind<Placed>(2, (d) => `Keep one of the keys in ${where(d)}, ${again(d)}`),
  /** One list holds the same id or word twice. */
  METADATA_DUPLICATE: kind<Placed>(2, (d) => `Rename or remove ${d.field} in ${where(d)}, ${again(d)}`),
  /** Too large or too deep to be read. */
  METADATA_TOO_LARGE: kind<Placed>(2, (d) => `Make ${d.path} smaller, ${again(d)}`),
  /** A capability without its section. */
  PLUGIN_CAPABILITY_UNBACKED: kind<Placed & { section?: string }>(
    2,
    (d) => `Write the section ${d.section ?? ""} or remove ${d.field} from ${where(d)}, ${again(d)}`,
  ),
  /** A section without its capability. */
  PLUGIN_SECTION_UNDECLARED: kind<Placed & { section?: string }>(
    2,
    (d) => `Add "${d.section ?? ""}" to capability of the plugin section in ${d.path}, ${again(d)}`,
  ),
  /** An older generation that is none. */
  PLUGIN_GENERATION_UNKNOWN: kind<Placed>(
    2,
    (d) => `Write the plugin as "pkg new" does, or use a holdfast that knows ${where(d)}, ${again(d)}`,
  ),
  /** A field of an older generation without any effect. */
  PLUGIN_FIELD_DEAD: kind<Placed>(2, (d) => `Delete ${d.field} at ${where(d)}, ${again(d)}`),
  /** A section of a later version. */
  PLUGIN_SECTION_LATER: kind<Placed>(2, (d) => `Remove ${d.field} from ${where(d)}, ${again(d)}`),
  /** An action needs what the plugin does not ask for. */
  PLUGIN_PERMISSION_UNDECLARED: kind<Placed & { permission?: string }>(
    2,
    (d) =>
      `Add ${d.permission ?? "it"} to permissions in ${d.path}, or remove it at ${where(d)}, ${again(d)}`,
  ),
  /** A probe of an action that is not there. */
  PLUGIN_ACTION_UNKNOWN: kind<Placed>(2, (d) => `Name an action of the plugin in ${where(d)}, ${again(d)}`),
  /** A turn of a plugin that is no agent. */
  PLUGIN_TURN_KIND: kind<Placed>(
    2,
    (d) => `Write kind as agent or remove the turn at ${where(d)}, ${again(d)}`,
  ),
  /** A JSON Schema that is none, or that is not taken. */
  PLUGIN_SCHEMA_INVALID: kind<Placed & { nearest?: string }>(2, (d) =>
    d.nearest === undefined
      ? `Correct the schema in ${where(d)}, ${again(d)}`
      : `Write ${d.nearest} in the schema in ${where(d)}, ${again(d)}`,
  ),
  /** An example that its action's schema refuses. */
  PLUGIN_EXAMPLE_INVALID: kind<Placed>(
    2,
    (d) => `Correct the example or the schema in ${where(d)}, ${again(d)}`,
  ),
  /** A probe whose input its action's schema refuses. */
  PLUGIN_PROBE_INVALID: kind<Placed>(2, (d) => `Correct the input of the probe in ${where(d)}, ${again(d)}`),
  /** A default value the configuration's schema refuses. */
  PLUGIN_DEFAULT_INVALID: kind<Placed>(2, (d) => `Correct the default in ${where(d)}, ${again(d)}`),
  /** A secret with a value in the manifest. */
  PLUGIN_SECRET_DEFAULT: kind<Placed>(
    2,
    (d) => `Remove ${d.field} from ${where(d)}: the operator names the secret, ${again(d)}`,
  ),
  PLUGIN_ENTRYPOINT_PATH: kind<Placed>(
    2,
    (d) => `Name a file of the plugin's own folder as entrypoint in ${where(d)}, ${again(d)}`,
  ),
  PLUGIN_ENTRYPOINT_MISSING: kind<Placed>(
    2,
    (d) => `Create the file or correct the entrypoint in ${where(d)}, ${again(d)}`,
  ),
  PLUGIN_ENTRYPOINT_KIND: kind<Placed>(
    2,
    (d) => `Put a regular file there or correct the entrypoint in ${where(d)}, ${again(d)}`,
  ),
  PLUGIN_ENTRYPOINT_RUNTIME: kind<Placed & { runtime?: string }>(
    2,
    (d) => `Correct the runtime or the entrypoint in ${where(d)}, ${again(d)}`,
  ),
  /** A type of package that runs nothing, with a plugin section. */
  PLUGIN_PACKAGE_TYPE: kind<Placed>(
    2,
    (d) => `Write package_type as plugin or remove it in ${where(d)}, ${again(d)}`,
  ),
  METADATA_ID_MISSING: kind<{ path: string }>(
    2,
    () => `Pass one: "pkg pack --src DIR --id PKG-T1-NAME-001".`,
  ),
  METADATA_ID_MISMATCH: kind<{ declared: string; given: string }>(
    2,
    (d) => `Run "pkg pack --id ${d.declared}" or correct the declared id.`,
  ),
  MANIFEST_MISSING: kind<{ archive: string }>(2, () => `Build the archive with "pkg pack --src DIR".`),
  MANIFEST_AMBIGUOUS: kind<{ archive: string; members: readonly string[] }>(
    2,
    () => `Build the archive with "pkg pack --src DIR", which writes exactly one manifest.`,
  ),
  MANIFEST_SYNTAX: kind<{ archive: string; problem: string }>(
    2,
    () => `Build the archive with "pkg pack --src DIR".`,
  ),
  MANIFEST_INVALID: kind<FieldProblem>(
    2,
    (d) => `Correct ${d.field} of the manifest, then build the archive again with "pkg pack --src DIR".`,
  ),
  MANIFEST_SCHEMA_UNKNOWN: kind<Details & { archive?: string; schema_version?: string }>(
    2,
    () =>
      `Install a newer holdfast that knows this form ("pkg --version" shows yours), or build the archive again with "pkg pack".`,
  ),
  ASSET_MISSING: kind<{ path: string; archive: string }>(
    2,
    () => `Build the archive again from a complete tree with "pkg pack".`,
  ),
  ASSET_UNDECLARED: kind<{ path: string; archive: string }>(
    2,
    () => `Build the archive again with "pkg pack", which declares every file.`,
  ),
  ASSET_MISMATCH: kind<{ path: string; field: string; expected: string; actual: string }>(
    2,
    () => `Build the archive again with "pkg pack"; do not edit files inside it.`,
  ),
  ASSET_DUPLICATE: kind<{ path: string; archive: string }>(
    2,
    () => `Build the archive again with "pkg pack".`,
  ),
});
