/** Keys written twice in JSON: every parser keeps one of them in silence, and not every parser the same. */
import type { Problem } from "./problems.ts";

/** `text`: JSON that has been parsed. */
export async function repeatedKeys(text: string): Promise<Problem[]> {
  const { walkJson } = await import("./json-places.ts");
  return walkJson(text, new Set()).duplicates.map(({ key, place, pointer }) => ({
    code: "METADATA_KEY_DUPLICATE",
    message: `repeats the key ${JSON.stringify(key)}`,
    pointer,
    place,
  }));
}
