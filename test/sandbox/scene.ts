/** A plane below somebody's home, a live network around it, and programs that mean harm. */
import { spawnSync } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Effects } from "../../src/effects/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";

export interface Scene {
  readonly folder: string;
  readonly home: string;
  readonly keys: string;
  readonly plane: string;
  /** What the product's own temporary folders lie in. */
  readonly temp: string;
  readonly effects: (setting: Record<string, string>) => Effects;
}

export const TOKEN = "hft-7d1f0c-do-not-leak";

/** `home/plane` is governed, everything else in `home` (0700) is private. */
export function scene(): Scene {
  const folder = mkdtempSync(join(tmpdir(), "jail-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const home = `${folder}/home`;
  const keys = `${home}/.holdfast/planes/0123`;
  const plane = `${home}/plane`;
  const temp = `${folder}/temp`;
  for (const path of [home, keys, plane, `${plane}/modules/sound`, `${plane}/bin`, temp])
    mkdirSync(path, { recursive: true, mode: 0o755 });
  for (const path of [home, `${home}/.holdfast`, keys, temp]) chmodSync(path, 0o700);
  writeFileSync(`${home}/diary.txt`, "private");
  writeFileSync(`${keys}/secrets.env`, "KEY=private");
  writeFileSync(`${plane}/modules/sound/__init__.py`, "VALUE = 1\n");
  writeFileSync(`${plane}/bin/tool`, "#!/bin/sh\necho tool\n", { mode: 0o755 });
  symlinkSync(`${home}/diary.txt`, `${plane}/way-out`);
  const effects = (setting: Record<string, string>): Effects =>
    nodeEffects({
      host: { home, env: { PATH: process.env["PATH"], TMPDIR: temp, HOLDFAST_TOKEN: TOKEN, ...setting } },
    });
  return { folder, home, keys, plane, temp, effects };
}

/** Everything below a folder with kind, mode, size, bytes and the times a change would leave. */
export function everything(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .concat(".")
    .toSorted()
    .map((name) => {
      const found = lstatSync(join(folder, name), { bigint: true });
      const bytes = found.isFile() ? readFileSync(join(folder, name), "base64") : "";
      return `${name} ${found.mode} ${found.uid} ${found.size} ${found.mtimeNs} ${found.ctimeNs} ${bytes}`;
    });
}

export interface Network {
  readonly tcp: number;
  readonly udp: number;
  readonly unix: string;
  readonly abstract: string;
  /** What came through. */
  readonly received: string[];
}

/** Listeners of this process, which a jailed program must not reach. */
export async function network(
  folder: string,
  unix_path = `${folder}/home/plane/daemon.sock`,
): Promise<Network> {
  const received: string[] = [];
  const tcp = createServer(() => void received.push("tcp"));
  const unix = createServer(() => void received.push("unix"));
  const abstract = createServer(() => void received.push("abstract"));
  const udp: Socket = createSocket("udp4", () => void received.push("udp"));
  const listen = (server: Server, on: string | { port: number; host: string }): Promise<void> =>
    new Promise((resolve) => void server.listen(on, resolve));
  await listen(tcp, { port: 0, host: "127.0.0.1" });
  await listen(unix, unix_path);
  await listen(abstract, `\0jail-${process.pid}`);
  await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const one of [tcp, unix, abstract, udp]) one.close();
  });
  return {
    tcp: (tcp.address() as { port: number }).port,
    udp: udp.address().port,
    unix: unix_path,
    abstract: `jail-${process.pid}`,
    received,
  };
}

/** A segment of System V memory of this user, outside every jail. */
export function sharedMemory(): { readonly id: string; readonly isThere: () => boolean } {
  const made = spawnSync("/usr/bin/ipcmk", ["-M", "64"]).stdout.toString();
  const id = /\d+/.exec(made)?.[0] ?? "";
  if (id === "") throw new Error("ipcmk made no shared memory");
  onTestFinished(() => void spawnSync("/usr/bin/ipcrm", ["-m", id]));
  return { id, isThere: () => spawnSync("/usr/bin/ipcs", ["-m", "-i", id]).stdout.includes(`shmid=${id}`) };
}

/** Commands of all processes on the machine that hold the word. */
export function processesWith(word: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return command.includes(word) ? [`${pid} ${command.slice(-60)}`] : [];
      } catch {
        return [];
      }
    });
}

/** What this machine offers, asked by other means than ours. */
export function offers(layer: string): boolean {
  const works = (file: string, ...args: string[]): boolean => spawnSync(file, args).status === 0;
  if (layer === "bubblewrap")
    return works("/usr/bin/bwrap", "--unshare-all", "--ro-bind", "/", "/", "/bin/true");
  if (layer === "namespaces") return works("/usr/bin/unshare", "-Urnpf", "--mount-proc", "/bin/true");
  const version = "import ctypes,sys; sys.exit(0 if ctypes.CDLL(None).syscall(444, None, 0, 1) >= 3 else 1)";
  return works("/usr/bin/python3", "-I", "-c", version);
}

/** Gives up root for the rest of this process. A test file has a process of its own. */
export async function becomeNobody(): Promise<void> {
  if (process.getuid?.() !== 0) return;
  // Loads what is loaded late, while the checkout can still be read.
  const limits = { timeout_ms: 10_000, stdout_bytes_max: 1024 };
  await nodeEffects().subprocess.run({ argv: ["/bin/true"], cwd: "/", env: {}, limits });
  process.setgroups?.([]);
  process.setgid?.(65534);
  process.setuid?.(65534);
}
