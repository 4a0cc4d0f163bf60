/** A plane and a shell in this process: commands as people type them, with their real operations on real files. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeArchive } from "../../src/archive/index.ts";
import { OPERATION_TABLE } from "../../src/cli/generated/table.ts";
import { runCommand } from "../../src/cli/index.ts";
import type { Effects } from "../../src/effects/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { prefixed, sha256Hex } from "../../src/kernel/index.ts";
import { OPERATIONS } from "../../src/operations/index.ts";
import { type LibraryPlane, libraryPlane } from "../support/library-plane.ts";

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads whatever document it expects
  readonly json: () => any;
}

/** What is left out of a shell: no plane. */
const HOST = "1.0.0";

/** Runs words as `pkg` would. */
export async function shell(effects: Effects, words: readonly string[]): Promise<Ran> {
  const output = { stdout: "", stderr: "" };
  const source = (path: string): URL => new URL(`../../src/${path}`, import.meta.url);
  const status = await runCommand(
    {
      effects,
      program: "pkg",
      version: HOST,
      table: OPERATION_TABLE,
      load: async (name) => {
        const load = OPERATIONS[name];
        if (load === undefined) throw new Error(`no operation ${name}`);
        return load();
      },
      files: {
        deflate_worker_url: source("archive/deflate-worker.ts"),
        scan_worker_url: source("ledger/scan-worker.ts"),
        package_directory: fileURLToPath(new URL("../..", import.meta.url)),
        launcher_script: "/nowhere/holdfast.cjs",
        node: process.execPath,
      },
      readDescriptor: () => "",
      terminal: {
        out: (text) => {
          output.stdout += text;
        },
        err: (text) => {
          output.stderr += text;
        },
        colour: false,
        interactive: false,
      },
    },
    words,
  );
  return { status, ...output, json: () => JSON.parse(output.stdout) as unknown };
}

export interface Scene {
  readonly root: string;
  readonly plane: LibraryPlane;
  readonly pkg: (...words: string[]) => Promise<Ran>;
  /** Files below the root; null removes one. */
  readonly put: (files: Readonly<Record<string, string | null>>) => void;
}

/** A plane with its token at hand; the working directory is its root. */
export async function scene(folder?: string): Promise<Scene> {
  const plane = await libraryPlane(folder);
  const { root, token } = plane;
  const effects = nodeEffects({
    host: {
      env: { PATH: process.env["PATH"], HOLDFAST_TOKEN: token },
      home: join(dirname(root), "home"),
      cwd: root,
    },
  });
  return {
    root,
    plane,
    pkg: (...words) => shell(effects, words),
    put: (files) => {
      for (const [path, text] of Object.entries(files)) putFile(join(root, path), text);
    },
  };
}

function putFile(path: string, text: string | null): void {
  if (text === null) return rmSync(path, { recursive: true, force: true });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** An archive with this manifest, whatever it says, and these files. */
export async function forge(
  effects: Effects,
  out: string,
  manifest: string | Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>>,
): Promise<{ readonly path: string; readonly digest: string }> {
  rmSync(out, { force: true });
  const whole =
    typeof manifest === "string"
      ? manifest
      : JSON.stringify({ ...packedDefaults(files), ...manifest }, null, 2);
  const entry = (path: string, text: string) => ({ path, executable: false, bytes: Buffer.from(text) });
  await writeArchive(effects, {
    out,
    entries: [
      entry("manifest.json", whole),
      ...Object.entries(files).map(([path, text]) => entry(path, text)),
    ],
  });
  return { path: out, digest: sha256Hex(readFileSync(out)) };
}

const packedDefaults = (files: Readonly<Record<string, string>>): Record<string, unknown> => ({
  schema_version: "2.0",
  name: "notes",
  plane_id: "ho3",
  assets: Object.entries(files).map(([path, text]) => ({
    path,
    sha256: prefixed(sha256Hex(text)),
    size_bytes: Buffer.byteLength(text),
    executable: false,
    classification: "code",
  })),
});
