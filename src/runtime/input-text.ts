/** An input as somebody wrote it: read no further than it may be long. */
import type { Effects } from "../effects/index.ts";
import type { Plane } from "../plane/index.ts";
import { make } from "./faults.ts";
import { limitsOf } from "./limits.ts";
import { inputTooLarge } from "./prepare.ts";

interface About {
  readonly namespace: string;
  readonly action: string;
}

/** White space and escapes of the text are not counted, but they are read. */
const TEXT_FACTOR = 4;

/** How many bytes of text are read at most. */
export const inputTextBytesMax = (plane: Plane, { namespace, action }: About): number =>
  TEXT_FACTOR * ceilingOf(plane, { namespace, action }).value;

const ceilingOf = (plane: Plane, about: About) =>
  limitsOf(plane.config.run, { ...about, declared: undefined, wishes: {} }).input_bytes_max;

/**
 * @param bytes at most one more than `inputTextBytesMax`
 * @throws plugin_input_too_large, plugin_input_invalid
 */
export function parseInputText(bytes: Uint8Array, plane: Plane, about: About): unknown {
  if (bytes.length > inputTextBytesMax(plane, about))
    throw inputTooLarge(about.namespace, about.action, bytes.length, ceilingOf(plane, about));
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalid(about, "is not UTF-8");
  }
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(about, "is not JSON");
  }
}

/** @param path absolute @throws plugin_input_invalid */
export function inputFileBytes(
  { fs }: Pick<Effects, "fs">,
  path: string,
  plane: Plane,
  about: About,
): Buffer {
  try {
    const real = fs.realPath(path);
    // A pipe would be waited for.
    if (fs.stat(real)?.kind !== "file") throw invalid(about, `cannot be read: ${path} is no file`);
    const handle = fs.openRead(real);
    try {
      const buffer = Buffer.alloc(Math.min(handle.stat().size_bytes, inputTextBytesMax(plane, about)) + 1);
      let filled = 0;
      for (let count = 1; count > 0 && filled < buffer.length; filled += count)
        count = handle.read(buffer.subarray(filled), filled);
      return buffer.subarray(0, filled);
    } finally {
      handle.close();
    }
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) throw error;
    throw invalid(about, `cannot be read: ${path} (${code})`);
  }
}

const invalid = ({ namespace, action }: About, problem: string) =>
  make("plugin_input_invalid", `the input of ${namespace} ${action} ${problem}`, {
    namespace,
    action,
    pointer: "/",
    problems: [`/ ${problem}`],
  });
