/** What an import has to say about the plane it read: one table of severities and next steps, one list kept in order. */
import type { Finding } from "../../contracts/index.ts";
import { compareCodePoints } from "../../kernel/index.ts";
import type { AdoptFields } from "../adopt/index.ts";

type Severity = Finding["severity"];
const KEPT = "Nothing to do: its bytes came in and are kept where the report says.";
const AGAIN = "Put it right in the new plane, or in a copy of the source and import that.";

const CODES = {
  FOLDER_UNREADABLE: ["error", `Make it readable with "chmod u+rx" and import again.`],
  FOLDER_TOO_LARGE: ["error", "Split the plane; so much cannot be governed as one."],
  FOLDER_TOO_DEEP: ["error", "Look at the folder: nothing honest is so deep."],
  NAME_REFUSED: ["error", "Rename the file in a copy of the source and import that."],
  REPOSITORY: ["note", `Make a repository of the new plane with "git init" if you want one.`],
  LINK_LEFT: ["error", "Replace the link by what it leads to, in a copy of the source, and import that."],
  SPECIAL_LEFT: ["note", "Nothing to do: a pipe, socket or device holds nothing to carry over."],
  SECRETS_LEFT: ["note", `Issue tokens of the new plane with "pkg auth issue".`],
  CACHE_LEFT: ["info", "Nothing to do: Python writes bytecode by itself."],
  LEGACY_SCRIPT_REPLACED: ["note", KEPT],
  LEGACY_ROWS_DROPPED: ["note", KEPT],
  LEGACY_LEDGER_DEFECTS: ["note", "Nothing to do: the bytes are sealed as they were, defects and all."],
  LEGACY_ARCHIVE_REFUSED: [
    "error",
    `Pack the package again with "pkg pack"; the file is carried over as it is.`,
  ],
  LEGACY_ARCHIVE_DIGEST: [
    "error",
    `Find out which is right, then correct it and run "pkg registry validate".`,
  ],
  LEGACY_ARCHIVE_MISSING: ["error", `Pack the package again with "pkg pack --src DIR --id ID".`],
  LEGACY_ARCHIVE_PINNED: ["note", "Nothing to do: its digest is pinned beside it from now on."],
  LEGACY_PACKAGE_UNREADABLE: ["error", `Pack and install it anew: "pkg pack --src DIR --id ID".`],
  LEGACY_PACKAGE_EMPTY: ["error", `Pack and install it anew: "pkg pack --src DIR --id ID".`],
  LEGACY_FIELD_LEFT: ["note", "Declare it anew in the source metadata when the package is packed next."],
  LEGACY_NEEDS_UNMET: ["error", AGAIN],
  LEGACY_FILE_DRIFT: [
    "error",
    "Compare the file with what was installed; it came in and no package owns it.",
  ],
  LEGACY_FILE_MISSING: [
    "error",
    "Restore it from a backup of the source, or pack the package anew without it.",
  ],
  LEGACY_FILE_UNDIGESTED: ["note", "Pack the package anew: nothing says which bytes the file must have."],
  LEGACY_PATH_REFUSED: ["error", "Pack the package anew with a path a package may own."],
  LEGACY_PATH_RESERVED: ["note", "Nothing to do: the file came in and belongs to the plane itself."],
  LEGACY_PATH_SHARED: ["note", `Look at both with "trace --explain"; one path has one owner.`],
} as const satisfies Record<string, readonly [Severity, string]>;

export type ImportCode = keyof typeof CODES;

export class ImportFindings {
  readonly #list: Finding[] = [];

  add(code: ImportCode, message: string, fields: AdoptFields = {}): void {
    const [severity, next_step] = CODES[code];
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    this.#list.push({ code, severity, message, next_step, ...Object.fromEntries(given) });
  }

  /** Of a check that speaks for itself. */
  addAll(findings: readonly Finding[]): void {
    this.#list.push(...findings);
  }

  sorted(): Finding[] {
    const rank: Record<Severity, number> = { error: 0, note: 1, info: 2 };
    return [...this.#list].sort(
      (a, b) =>
        rank[a.severity] - rank[b.severity] ||
        compareCodePoints(a.path ?? "", b.path ?? "") ||
        (a.line ?? 0) - (b.line ?? 0) ||
        compareCodePoints(a.code, b.code) ||
        compareCodePoints(a.message, b.message),
    );
  }
}
