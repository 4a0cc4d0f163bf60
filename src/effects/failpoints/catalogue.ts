/**
 * Every place where a failure can be injected, as data. A point is `<phase>.<artefact>.<verb>`, as the ports see it; any
 * phase can stand before any pair listed here, and a run says when the one it was given never came.
 */

/** What the journal of the transaction recorded last. */
export const PHASES = {
  start: "no phase is recorded yet; recovery included",
  download: "archives are found or fetched",
  verify: "archives and kept bytes are judged",
  "dependency-prepare": "versions are chosen, plans made, bytes staged",
  activate: "the plan is carried out, or undone when that fails",
  "health-check": "declared checks run with the files in place",
  commit: "the commit record is written",
  settle: "committed: ledger entries, keeping of displaced files",
  undo: "all was put back: ledger entries, cleaning up",
} as const;
export type Phase = keyof typeof PHASES;

/** The word for what a call does, and whether the call may need space on the disk. */
export const VERBS = {
  open: { meaning: "open for writing", needs_space: true },
  write: { meaning: "write", needs_space: true },
  truncate: { meaning: "cut to a length", needs_space: true },
  sync: { meaning: "fsync or fdatasync", needs_space: true },
  rename: { meaning: "rename; the artefact is that of the new name", needs_space: true },
  remove: { meaning: "remove a file", needs_space: true },
  "make-directory": { meaning: "make a folder", needs_space: true },
  "remove-directory": { meaning: "remove a folder", needs_space: true },
  "set-mode": { meaning: "change the mode", needs_space: true },
  "sync-directory": { meaning: "fsync of a folder", needs_space: true },
  read: { meaning: "open for reading, read, or digest", needs_space: false },
  list: { meaning: "list a folder", needs_space: false },
  take: { meaning: "take a lock", needs_space: true },
  spawn: { meaning: "start a program", needs_space: false },
  fetch: { meaning: "send a request", needs_space: false },
} as const;
export type Verb = keyof typeof VERBS;

interface ArtefactKind {
  readonly meaning: string;
  /** What is done with it anywhere in the product. */
  readonly verbs: readonly Verb[];
}

const NEW_FILE = ["open", "write", "sync"] as const;
const FOLDER = ["make-directory", "remove-directory", "sync-directory", "list"] as const;

export const ARTEFACTS = {
  archive: {
    meaning: "archives in the store or given",
    verbs: ["read", "rename", "make-directory", "sync-directory", "list"],
  },
  download: {
    meaning: ".holdfast/cache/downloads",
    verbs: [...NEW_FILE, "read", "rename", "remove", "make-directory", "sync-directory", "list"],
  },
  journal: { meaning: "journal.jsonl of a transaction", verbs: [...NEW_FILE, "read", "remove"] },
  changes: { meaning: "changes.jsonl of a transaction", verbs: [...NEW_FILE, "read", "remove"] },
  staged: {
    meaning: "new bytes of a transaction",
    verbs: [
      ...NEW_FILE,
      "read",
      "rename",
      "remove",
      "set-mode",
      "make-directory",
      "remove-directory",
      "list",
    ],
  },
  aside: { meaning: "displaced files of a transaction", verbs: ["rename", ...FOLDER] },
  extracted: {
    meaning: "scratch folders of a transaction",
    verbs: [...NEW_FILE, "read", "remove", "set-mode", ...FOLDER],
  },
  transaction: { meaning: "the folder of a transaction", verbs: ["rename", ...FOLDER] },
  kept: { meaning: "kept generations", verbs: ["read", "rename", "remove", ...FOLDER] },
  file: {
    meaning: "governed files, and any other",
    verbs: [...NEW_FILE, "read", "rename", "remove", "truncate", "set-mode", ...FOLDER],
  },
  registry: {
    meaning: "registries/*.csv",
    verbs: [...NEW_FILE, "read", "rename", "set-mode", "make-directory", "sync-directory"],
  },
  receipt: {
    meaning: "receipts and manifest copies in installed/",
    verbs: ["read", "rename", "set-mode", ...FOLDER],
  },
  generation: { meaning: "generation.json", verbs: [...NEW_FILE, "read", "rename"] },
  ledger: {
    meaning: "ledger streams",
    verbs: [...NEW_FILE, "read", "truncate", "make-directory", "sync-directory", "list"],
  },
  head: {
    meaning: "heads beside the keys",
    verbs: ["open", "write", "read", "rename", "remove", "make-directory", "list"],
  },
  key: {
    meaning: "keys, tokens and roles outside the plane",
    verbs: [...NEW_FILE, "read", "rename", "make-directory", "sync-directory"],
  },
  lock: { meaning: "plane, stream and owner locks", verbs: ["take", "remove"] },
  reserve: { meaning: "space kept for a rollback", verbs: ["open", "write", "remove"] },
  state: {
    meaning: "everything else in .holdfast/state",
    verbs: [...NEW_FILE, "read", "rename", "make-directory", "sync-directory", "list"],
  },
  environment: {
    meaning: "Python environments, named once they are whole",
    verbs: ["read", "rename", "remove", "set-mode", ...FOLDER],
  },
  process: { meaning: "programs: interpreters, health checks", verbs: ["spawn"] },
  network: { meaning: "requests, and pieces of the reply", verbs: ["fetch", "read"] },
} as const satisfies Readonly<Record<string, ArtefactKind>>;

export const ACTIONS = {
  kill: "SIGKILL to ourselves",
  "error:EIO": "the call fails with EIO",
  "error:ENOSPC": "the call fails with ENOSPC",
  "error:EACCES": "the call fails with EACCES",
  "error:EMFILE": "the call fails with EMFILE",
  "delay:MS": "the call waits so many milliseconds first",
  torn: "half of the bytes are written, then kill",
  lost: "what was written and not synced is cut away, then kill",
} as const;
export type ActionName = keyof typeof ACTIONS;

/** Whether an action can happen to such a call: only a write can be torn, only a call that needs space can lack it. */
export function makesSense(action: ActionName, verb: Verb): boolean {
  if (action === "torn") return verb === "write";
  return action !== "error:ENOSPC" || VERBS[verb].needs_space;
}

export interface CatalogueEntry {
  /** `*.<artefact>.<verb>` */
  readonly pattern: string;
  readonly meaning: string;
  readonly actions: readonly ActionName[];
}

export const CATALOGUE: readonly CatalogueEntry[] = Object.entries(ARTEFACTS).flatMap(
  ([artefact, { meaning, verbs }]) =>
    verbs.map((verb) => ({
      pattern: `*.${artefact}.${verb}`,
      meaning: `${VERBS[verb].meaning}: ${meaning}`,
      actions: (Object.keys(ACTIONS) as ActionName[]).filter((action) => makesSense(action, verb)),
    })),
);
