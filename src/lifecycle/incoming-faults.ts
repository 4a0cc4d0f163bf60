/** Faults of what comes in from elsewhere: unmanaged folders and older planes. Part of the catalogue in `faults.ts`. */
import { type Details, kind } from "../kernel/index.ts";

type Subject = { package_id: string };
const word = (text: string): string =>
  /^[\w./@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

export const incomingKinds = {
  // adopt
  ADOPT_FOLDER_MISSING: kind<{ folder: string }>(
    2,
    () => `Name an existing folder: "pkg adopt DIR", for example a site-packages folder.`,
  ),
  ADOPT_OUTSIDE_PLANE: kind<{ folder: string; parent: string }>(
    3,
    (d) =>
      `Make a plane around it with "pkg init ${word(d.parent)}", then "pkg adopt ${word(d.folder)} --root ${word(d.parent)} …".`,
  ),
  ADOPT_NAME_UNKNOWN: kind<Details & { name: string }>(
    1,
    () => `Run "pkg adopt DIR" without --take to see what the folder holds.`,
  ),
  ADOPT_NAME_AMBIGUOUS: kind<{ name: string; places: readonly string[] }>(
    2,
    (d) => `Name it by its place: "pkg adopt DIR --take ${word(d.places[0] ?? "")} …".`,
  ),
  ADOPT_ID_REFUSED: kind<{ id: string }>(
    2,
    () => `Give one id for each package taken: "pkg adopt DIR --take NAME --as PKG-NAME-001 …".`,
  ),
  ADOPT_GOVERNED: kind<Subject & { name: string }>(
    3,
    (d) => `Release it first with "pkg uninstall ${d.package_id}"; not a byte of it changes.`,
  ),
  ADOPT_NOT_ACCEPTED: kind<Details & { name: string; folder: string; codes: readonly string[] }>(
    3,
    (d) =>
      `Look at what "pkg adopt ${word(d.folder)}" lists, then add --accept ${d.codes.join(",")} to take it as it lies.`,
  ),
  ADOPT_EMPTY: kind<{ name: string }>(3, () => `Leave it out: "pkg adopt DIR --take NAME" names others.`),
  ADOPT_CHANGED: kind<{ path: string }>(
    3,
    () => `Let nothing write into the folder and run "pkg adopt" again.`,
  ),
  ADOPT_VERSION_TAKEN: kind<Subject & { version: string; stored: string }>(
    3,
    (d) => `Take it under another id: add --as ${d.package_id.replace(/-\d+$/, "")}-002.`,
  ),
  // import
  IMPORT_SOURCE_REFUSED: kind<{ folder: string }>(
    2,
    () => `Name the root of a Python control plane: "pkg init NEW --import DIR".`,
  ),
  IMPORT_TARGET_REFUSED: kind<{ target: string; source: string }>(
    2,
    (d) => `Name a folder that does not exist yet: "pkg init NEW --import ${word(d.source)}".`,
  ),
  IMPORT_SOURCE_CHANGED: kind<{ path: string }>(
    3,
    () => `Let nothing write into the source and run "pkg init NEW --import DIR" again.`,
  ),
} as const;
