/** Every place where a failure can be injected. A point is `<phase>.<artefact>.<verb>`, as the ports see it. */

export const PHASES = {
  start: "before a transaction entered a phase",
  download: "archives are found or fetched",
  verify: "archives and kept bytes are judged",
  "dependency-prepare": "versions are chosen, plans made, bytes staged",
  activate: "the plan is written down and carried out",
  "health-check": "declared checks run with the files in place",
  commit: "the commit record is written",
  settle: "committed: ledger entries, keeping of displaced files",
  undo: "everything is put back",
} as const;

export const ARTEFACTS = {
  archive: "archives in the store or given",
  download: ".holdfast/cache/downloads",
  journal: "journal.jsonl of a transaction",
  changes: "changes.jsonl of a transaction",
  staged: "new bytes of a transaction",
  aside: "displaced files of a transaction",
  extracted: "scratch folders of a transaction",
  transaction: "the folder of a transaction",
  kept: "kept generations",
  file: "governed files",
  registry: "registries/*.csv",
  receipt: "receipts and manifest copies in installed/",
  generation: "generation.json",
  ledger: "ledger streams",
  head: "heads beside the keys",
  lock: "plane, stream and owner locks",
  reserve: "space kept for a rollback",
  state: "everything else in .holdfast/state",
  process: "programs started: interpreters, health checks",
  network: "requests sent",
} as const;

export const VERBS = {
  open: "open for writing",
  write: "write",
  sync: "fsync or fdatasync",
  rename: "rename; the artefact is that of the new name",
  remove: "remove a file",
  "make-directory": "make a folder",
  "remove-directory": "remove a folder",
  "set-mode": "change the mode",
  "sync-directory": "fsync of a folder",
  read: "open for reading, or read whole",
  list: "list a folder",
  take: "take a lock",
  spawn: "start a program",
  fetch: "send a request",
} as const;

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
