/** Lines of the policy's rules, looked up only when a rule is to be named. */
import { locate } from "../metadata/index.ts";

/** @returns line from 1 of a JSON pointer into the text */
export async function linesOf(text: string): Promise<(pointer: string) => Promise<number>> {
  return async (pointer) => (await locate(text, "toml", [{ pointer, of: "key" }]))[0]?.line ?? 1;
}
