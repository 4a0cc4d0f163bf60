/** Makes a path safe to paste: plain ones stay as they are, others are quoted for a POSIX shell. */
import { printable } from "./printable.ts";

export const shellWord = (path: string): string =>
  /^[\w@%+=:,./][\w@%+=:,./-]*$/.test(path) ? path : `'${printable(path).replaceAll("'", `'\\''`)}'`;
