/** Composition root of every command: builds the real effects, runs one command, sets the exit code. */
import { fstatSync, readFileSync, readSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { OPERATION_TABLE } from "../cli/generated/table.ts";
import { type Program, runCommand, type Setting } from "../cli/index.ts";
import type { Effects } from "../effects/index.ts";
import { nodeEffects } from "../effects/node/index.ts";
import { Fault } from "../kernel/index.ts";
import { OPERATIONS } from "../operations/index.ts";
import { keepCompiled } from "./compile-cache.ts";

declare const HOLDFAST_BUNDLED: boolean | undefined;

/** Where sibling files lie: beside the bundle, or in the source tree. */
function layout(): { digest: URL; deflate: URL; scan: URL; ledger: URL; package_root: URL } {
  const here = import.meta.url;
  if (typeof HOLDFAST_BUNDLED !== "undefined" && HOLDFAST_BUNDLED) {
    return {
      digest: new URL("./digest-worker.js", here),
      deflate: new URL("./deflate-worker.js", here),
      scan: new URL("./scan-worker.js", here),
      ledger: new URL("./ledger-worker.js", here),
      package_root: new URL("../../", here),
    };
  }
  return {
    digest: new URL("../effects/node/digest-worker.ts", here),
    deflate: new URL("../archive/deflate-worker.ts", here),
    scan: new URL("../ledger/scan-worker.ts", here),
    ledger: new URL("./ledger-worker.ts", here),
    package_root: new URL("../../", here),
  };
}

export async function main(argv: readonly string[], { program }: { program: Program }): Promise<void> {
  const { digest, deflate, scan, ledger, package_root } = layout();
  const version = packageVersion(package_root);
  if (argv[0] === "--version" || argv[0] === "-V") {
    process.stdout.write(`holdfast ${version}\n`);
    return;
  }
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // The first signal undoes the change; a second one leaves it to recovery.
    process.once(signal, () => interrupt.abort(new Error(`stopped by ${signal}`)));
  }
  watchOutput();
  const injected = await injectFailures(nodeEffects({ signal: interrupt.signal, worker_url: digest }));
  const setting: Setting = {
    effects: injected.effects,
    terminal: {
      out: (text) => void process.stdout.write(text),
      err: (text) => void process.stderr.write(text),
      colour: process.stderr.isTTY && process.env["NO_COLOR"] === undefined,
      interactive: process.stderr.isTTY,
    },
    program,
    version,
    table: OPERATION_TABLE,
    load: async (name) => {
      if (injected.refusal !== undefined) throw injected.refusal;
      keepCompiled();
      const load = OPERATIONS[name];
      if (load === undefined) throw new Error(`operation ${name} has no loader`);
      return load();
    },
    files: {
      deflate_worker_url: deflate,
      scan_worker_url: scan,
      ledger_worker_url: ledger,
      package_directory: fileURLToPath(package_root).replace(/\/$/, ""),
      launcher_script: fileURLToPath(new URL("bin/holdfast.cjs", package_root)),
      node: process.execPath,
    },
    readDescriptor: readDescriptor,
    readInput: readInput,
  };
  try {
    process.exitCode = await runCommand(setting, argv);
  } catch (error) {
    process.exitCode = 70;
    if (argv.includes("--json")) {
      const message = "a broken invariant in holdfast; see stderr";
      const next_step = "Report it with the lines on stderr.";
      process.stdout.write(
        `${JSON.stringify({ error: { code: "BUG", message, next_step, details: {} } })}\n`,
      );
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(
      `This is a bug in holdfast ${version}, not in what you did. Please report it with these lines:\n${text}\n`,
    );
  }
  for (const name of injected.unreached()) process.stderr.write(`failpoint ${name}: never reached\n`);
}

/** Output is written when all is done; nothing of it may end the command before. */
function watchOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // A reader that went away (`| head`) is no error: the code is the command's own.
    if (error.code === "EPIPE") process.exit();
    process.stderr.write(
      `error: the output cannot be written (${error.code ?? error.message}); the command itself ran to its end\n`,
    );
    process.exitCode = 5;
  });
  // A terminal that was closed: there is nobody to tell, and the change is finished or undone all the same.
  process.stderr.on("error", () => undefined);
}

interface Injected {
  readonly effects: Effects;
  readonly unreached: () => readonly string[];
  /** Why nothing may run. */
  readonly refusal?: Fault;
}

/** For tests of recovery: HOLDFAST_FAILPOINTS can only make a command fail. Nothing of it is loaded otherwise. */
async function injectFailures(effects: Effects): Promise<Injected> {
  const spec = effects.host.env["HOLDFAST_FAILPOINTS"];
  if (spec === undefined || spec === "") return { effects, unreached: () => [] };
  const { withFailpoints } = await import("../effects/failpoints/index.ts");
  const wait = (duration_ms: number) =>
    void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, duration_ms);
  try {
    return withFailpoints(effects, spec, {
      kill: () => {
        process.kill(process.pid, "SIGKILL");
        // The signal is delivered before anything else of ours runs.
        for (;;) wait(1000);
      },
      pause: wait,
      tell: (line) => {
        try {
          writeSync(2, `${line}\n`);
        } catch {
          // Nobody reads stderr; the failure happens all the same.
        }
      },
    });
  } catch (refusal) {
    if (!(refusal instanceof Fault)) throw refusal;
    return { effects, unreached: () => [], refusal };
  }
}

function packageVersion(package_root: URL): string {
  return (JSON.parse(readFileSync(new URL("package.json", package_root), "utf8")) as { version: string })
    .version;
}

/** One byte more than is wanted tells that there is more. */
async function readInput(bytes_max: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size_bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size_bytes += chunk.length;
    if (size_bytes > bytes_max) break;
  }
  return Buffer.concat(chunks).subarray(0, bytes_max + 1);
}

/** At most 64 KiB from a pipe another program opened for us. */
function readDescriptor(fd: number): string {
  fstatSync(fd);
  const buffer = Buffer.alloc(65_536);
  let length = 0;
  for (;;) {
    const count = readSync(fd, buffer, length, buffer.length - length, null);
    if (count === 0 || length + count === buffer.length) return buffer.toString("utf8", 0, length + count);
    length += count;
  }
}
