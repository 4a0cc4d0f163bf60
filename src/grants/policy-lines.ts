/** Lines of the policy's rules, looked up only when a rule is to be named. */
import { locate } from "../metadata/index.ts";

/** @returns for each JSON pointer into the text its line, from 1 */
export async function linesOf(
  text: string,
  pointers: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const wanted = [...new Set(pointers)];
  const places = await locate(
    text,
    "toml",
    wanted.map((pointer) => ({ pointer, of: "value" })),
  );
  return new Map(wanted.map((pointer, index) => [pointer, places[index]?.line ?? 1]));
}
