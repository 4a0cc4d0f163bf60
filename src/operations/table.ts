/** Every operation, loaded only when it runs. Help, flags and reference pages are generated from this list. */
import type { Operation } from "./define.ts";

type Loader = () => Promise<Operation>;
/** Each operation types its own input; the table holds them by their common shape. */
const erase = (operation: object): Operation => operation as Operation;

export const OPERATIONS: Readonly<Record<string, Loader>> = {
  init: async () => erase((await import("./init.ts")).init),
  pack: async () => erase((await import("./pack.ts")).pack),
  install: async () => erase((await import("./install.ts")).install),
  update: async () => erase((await import("./update.ts")).update),
  rollback: async () => erase((await import("./rollback.ts")).rollback),
  undo: async () => erase((await import("./rollback.ts")).undo),
  uninstall: async () => erase((await import("./uninstall.ts")).uninstall),
  adopt: async () => erase((await import("./adopt.ts")).adopt),
  list: async () => erase((await import("./list.ts")).list),
  info: async () => erase((await import("./list.ts")).info),
  register: async () => erase((await import("./register.ts")).register),
  unregister: async () => erase((await import("./register.ts")).unregister),
  "registry validate": async () => erase((await import("./registry-validate.ts")).registryValidate),
  "spec check": async () => erase((await import("./spec.ts")).specCheck),
  "spec review": async () => erase((await import("./spec.ts")).specReview),
  "auth init": async () => erase((await import("./auth.ts")).authInit),
  "auth issue": async () => erase((await import("./auth.ts")).authIssue),
  "auth revoke": async () => erase((await import("./auth.ts")).authRevoke),
  "auth list": async () => erase((await import("./auth.ts")).authList),
  "auth whoami": async () => erase((await import("./auth.ts")).authWhoami),
  "ledger verify": async () => erase((await import("./ledger.ts")).ledgerVerify),
  "ledger append": async () => erase((await import("./ledger.ts")).ledgerAppend),
  "ledger prove": async () => erase((await import("./ledger-prove.ts")).ledgerProve),
  "ledger verify-proof": async () => erase((await import("./ledger-verify-proof.ts")).ledgerVerifyProof),
  "ledger rebuild": async () => erase((await import("./ledger-rebuild.ts")).ledgerRebuild),
  "ledger cosign": async () => erase((await import("./ledger-cosign.ts")).ledgerCosign),
  history: async () => erase((await import("./history.ts")).history),
  status: async () => erase((await import("./status.ts")).status),
  "rebuild-index": async () => erase((await import("./rebuild-index.ts")).rebuildIndexOperation),
  "mark-good": async () => erase((await import("./gc.ts")).markGood),
  gc: async () => erase((await import("./gc.ts")).gc),
  approve: async () => erase((await import("./approve.ts")).approve),
  failpoints: async () => erase((await import("./failpoints.ts")).failpoints),
  doctor: async () => erase((await import("./doctor.ts")).doctor),
  trace: async () => erase((await import("./trace.ts")).trace),
  "integrity-check": async () => erase((await import("./integrity-check.ts")).integrityCheck),
};
