/** Rows of the ownership registry that hold a text: by an index, else in one pass over all. */
import type { Row } from "../contracts/index.ts";
import type { Sight } from "./sight.ts";

/** In file order. Most rows belong to others: their bytes are searched, not decoded. */
export function ownershipRowsWith(sight: Sight, text: string): readonly Row[] {
  const known = sight.facts.ownershipRows(text);
  if (known !== undefined) return known;
  const found: Row[] = [];
  sight.scan("file_ownership", (row) => {
    if (row.bytes.includes(text)) found.push(row.cells());
  });
  return found;
}
