/** Findings of an inventory: one table of severities and next steps, one list kept in order. */
import type { Finding } from "../../contracts/index.ts";
import { compareCodePoints } from "../../kernel/index.ts";

type Severity = Finding["severity"];

const LOOK = "Look at it; it is taken with the package only when you pass --accept with this code.";
const LEFT = "Nothing to do: it is left as it lies and no receipt lists it.";
const REINSTALL = "Install the package again with its own tool, or take it as it lies with --accept.";

/** `error`: broken, or runs code nobody asked to run; a package with one is taken only when its code is accepted. */
const CODES = {
  FOLDER_UNREADABLE: ["error", `Make the folder readable with "chmod u+rx".`],
  FOLDER_TOO_LARGE: ["error", "Name a smaller folder."],
  FOLDER_TOO_DEEP: ["error", "Look at the folder: nothing honest is so deep."],
  NOTHING_RECOGNISED: [
    "error",
    "Name a site-packages folder, a node_modules folder, or a folder with plugin.json or package.json.",
  ],
  NAME_REFUSED: ["error", "Rename the file; until then no receipt can list it."],
  SYMLINK_OUTSIDE: ["error", LEFT],
  SYMLINK: ["note", LEFT],
  SPECIAL_FILE: ["error", `Remove it with "rm": no package needs a pipe, socket or device.`],
  REPOSITORY: ["note", LEFT],
  HARD_LINK: ["note", "Keep in mind that a write to its other name changes this file too."],
  WORLD_WRITABLE: ["error", `Run "chmod o-w" on it.`],
  SETUID: ["error", `Run "chmod ug-s" on it.`],
  NATIVE_CODE: ["info", "Nothing to do: its bytes are held to its digest once it is taken."],
  EXECUTABLE: ["info", "Nothing to do: the bit is recorded once it is taken."],
  PTH_RUNS_CODE: ["error", LOOK],
  PTH_ADDS_PATH: ["note", "Look at the folder it names: Python imports from there too."],
  RUNS_AT_START: ["error", LOOK],
  INSTALL_SCRIPT: ["error", LOOK],
  HOOK_AT_START: ["error", LOOK],
  HOOK: ["note", "Look at the command: the agent runs it at this event."],
  SERVER_AT_START: ["error", LOOK],
  METADATA_INVALID: ["error", REINSTALL],
  RECORD_MISSING: ["note", "Nothing to do: only its metadata folder can be told apart as its own."],
  RECORD_LINE_MALFORMED: ["error", REINSTALL],
  RECORD_PATH_OUTSIDE: ["note", LEFT],
  RECORD_DIGEST_UNKNOWN: ["note", "Nothing to do: the bytes there are cannot be held against it."],
  CLAIMED_TWICE: ["error", "Uninstall one of the two with its own tool."],
  FILE_PHANTOM: ["error", REINSTALL],
  FILE_MISMATCH: ["error", REINSTALL],
  PACKAGE_PHANTOM: ["error", REINSTALL],
  VERSION_MISMATCH: ["error", REINSTALL],
  FILE_UNCLAIMED: ["note", "Find out who put it there; no package claims it."],
} as const satisfies Record<string, readonly [Severity, string]>;

export type AdoptCode = keyof typeof CODES;
export const ADOPT_CODES = Object.keys(CODES) as AdoptCode[];

const PLAIN = /^[\w@%+=:,./ -]+$/;
const SHOWN_MAX = 160;

/** A name from a hostile folder as one harmless word. */
export function shown(text: string): string {
  const cut = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
  if (PLAIN.test(cut)) return cut;
  // JSON leaves C1 controls and direction marks as they are; a terminal must not see them.
  return JSON.stringify(cut.toWellFormed()).replace(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export interface AdoptFields {
  readonly path?: string | undefined;
  readonly line?: number | undefined;
  readonly package_id?: string | undefined;
  readonly expected?: string | undefined;
  readonly actual?: string | undefined;
}

export class AdoptFindings {
  readonly #list: Finding[] = [];

  add(code: AdoptCode, message: string, fields: AdoptFields = {}): void {
    const [severity, next_step] = CODES[code];
    const finding: Finding = { code, severity, message, next_step };
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    this.#list.push(Object.assign(finding, Object.fromEntries(given)));
  }

  sorted(): Finding[] {
    const rank: Record<Severity, number> = { error: 0, note: 1, info: 2 };
    return this.#list.sort(
      (a, b) =>
        rank[a.severity] - rank[b.severity] ||
        compareCodePoints(a.path ?? "", b.path ?? "") ||
        (a.line ?? 0) - (b.line ?? 0) ||
        compareCodePoints(a.code, b.code) ||
        compareCodePoints(a.message, b.message),
    );
  }
}
