import { createInterface } from "node:readline/promises";
import type { Terminal } from "../ports.ts";

/** Asks on the error output, so that what a command prints stays clean. */
export const nodeTerminal = (signal: AbortSignal): Terminal => ({
  get interactive() {
    return process.stdin.isTTY && process.stderr.isTTY;
  },
  async ask(question) {
    const reader = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const ended = new Promise<string>((resolve) => {
        reader.once("close", () => resolve(""));
      });
      return await Promise.race([reader.question(question, { signal }), ended]);
    } finally {
      reader.close();
    }
  },
});
