/** file_ownership against the receipts, both ways. */
import type { FileSystem } from "../effects/index.ts";
import { registryPath } from "../plane/index.ts";
import type { Expected } from "./expected.ts";
import type { Outcome } from "./outcome.ts";
import { shellWord, shown } from "./shown.ts";
import { eachRow } from "./tables.ts";

const FILE = registryPath("file_ownership");
const look = (path: string): string =>
  `Run "trace --explain ${shellWord(path)}", then correct its row in ${FILE} and run "pkg registry validate".`;

export function judgeOwnership(
  fs: FileSystem,
  root: string,
  expected: ReadonlyMap<string, Expected>,
  outcome: Outcome,
): void {
  const without_row = new Set<string>();
  for (const [path, { kind }] of expected) if (kind === "package") without_row.add(path);
  const read_all = eachRow(fs, root, "file_ownership", (row) => {
    const { file_path: path = "", owner_package_id: owner = "", sha256 = "", classification = "" } = row;
    const one = without_row.delete(path) ? expected.get(path) : undefined;
    if (one === undefined) {
      const message = `${FILE} gives ${shown(path)} to ${shown(owner)}, and no receipt lists it`;
      outcome.find("OWNERSHIP_WITHOUT_RECEIPT", message, look(path), {
        path: FILE,
        field: path,
        package_id: owner,
      });
      return;
    }
    const pairs = [
      ["owner_package_id", one.owner, owner],
      ["sha256", one.sha256, sha256],
      ["classification", one.classification, classification],
    ] as const;
    for (const [column, wanted, found] of pairs) {
      if (wanted === found) continue;
      const message = `${FILE} has another ${column} for ${shown(path)} than its receipt`;
      outcome.find("OWNERSHIP_DIFFERS", message, look(path), {
        path: FILE,
        field: column,
        package_id: one.owner,
        expected: wanted,
        actual: found,
      });
    }
  });
  if (!read_all) return;
  for (const path of without_row) {
    const owner = expected.get(path)?.owner;
    const message = `${FILE} has no row for ${shown(path)}, which ${owner ?? "a package"} installed`;
    outcome.find("OWNERSHIP_ROW_MISSING", message, look(path), {
      path: FILE,
      field: path,
      package_id: owner,
    });
  }
}
