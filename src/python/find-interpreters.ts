/** Every minor version of Python there is on this machine, one interpreter of each. */
import type { Effects } from "../effects/index.ts";
import { findPython, type Interpreter, MINORS } from "./find-python.ts";

/** Oldest first. Never throws for a version that is not there. */
export async function findInterpreters(
  effects: Pick<Effects, "fs" | "subprocess" | "host">,
): Promise<readonly Interpreter[]> {
  const found = await Promise.all(
    MINORS.map((minor) => findPython(effects, { cache_tag: `cpython-3${minor}` }).catch(() => undefined)),
  );
  return found.filter((one) => one !== undefined).reverse();
}
