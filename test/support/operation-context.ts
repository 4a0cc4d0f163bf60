/** What an operation is given where a test asks it in this process. */
import type { Context } from "../../src/operations/index.ts";
import type { LibraryPlane } from "./library-plane.ts";

const NOWHERE = new URL("file:///nowhere");

/** Nothing of the program lies anywhere, nobody pipes, and nothing else can be driven. */
export const contextOf = (
  { effects, root }: Pick<LibraryPlane, "effects" | "root">,
  more: Partial<Context> = {},
): Context => ({
  effects,
  root,
  token: undefined,
  wait_ms: undefined,
  version: "1.0.0",
  files: {
    deflate_worker_url: NOWHERE,
    scan_worker_url: NOWHERE,
    package_directory: "/nowhere",
    launcher_script: "/nowhere",
    node: process.execPath,
  },
  readInput: async () => Buffer.alloc(0),
  onPhase: () => undefined,
  onProgress: () => undefined,
  onText: () => undefined,
  command: () => Promise.reject(new Error("drives nothing")),
  ...more,
});
