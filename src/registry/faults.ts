import { defineFaults, kind } from "../kernel/index.ts";

const VALIDATE = `then run "pkg registry validate".`;

/** Faults of the registries. Paths are plane-relative; lines and columns are 1-based. */
export const { raise, catalogue: registryFaults } = defineFaults({
  REGISTRY_MISSING: kind<{ path: string }>(
    4,
    (d) => `Restore ${d.path} from version control or a backup, ${VALIDATE}`,
  ),
  REGISTRY_UNREADABLE: kind<{ path: string }>(5, (d) => `Make ${d.path} readable for this user, ${VALIDATE}`),
  REGISTRY_DAMAGED: kind<{ path: string; line: number; column: number; reason: string }>(
    4,
    (d) => `Correct ${d.path} at line ${d.line}, column ${d.column}, ${VALIDATE}`,
  ),
  REGISTRY_KEY_DUPLICATE: kind<{ path: string; line: number; first_line: number; key: string }>(
    4,
    (d) => `Remove line ${d.first_line} or line ${d.line} of ${d.path}, ${VALIDATE}`,
  ),
  REGISTRY_CELL_UNSAFE: kind<{ path: string; column: string; key: string }>(
    2,
    (d) => `Change the ${d.column} of ${d.key} to plain text and run the command again.`,
  ),
  REGISTRY_COLUMN_UNKNOWN: kind<{ path: string; column: string }>(
    2,
    (d) => `Add ${d.column} to the first line of ${d.path}, ${VALIDATE}`,
  ),
});
