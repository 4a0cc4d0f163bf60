import type { RegistryName } from "../contracts/index.ts";
import { knownColumns } from "./raw-rows.ts";

/** A registry without rows, as `pkg init` writes it: the header line, ended by CRLF (Python's "excel" dialect). */
export const emptyRegistry = (name: RegistryName): string => `${knownColumns(name).join(",")}\r\n`;
