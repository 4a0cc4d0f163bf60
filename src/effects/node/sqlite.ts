import type { DatabaseSync } from "node:sqlite";

/** Node 22 calls its SQLite experimental on every start; users can do nothing about it, so that one line is left out. */
export function loadSqlite(): typeof DatabaseSync {
  const warn = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (!String(warning).includes("SQLite")) Reflect.apply(warn, process, [warning, ...rest]);
  };
  try {
    return process.getBuiltinModule("node:sqlite").DatabaseSync;
  } finally {
    process.emitWarning = warn;
  }
}
