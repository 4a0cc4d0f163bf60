/** What a jail is: a layer of the kernel's that was seen to hold, and what it takes to start a program behind it. */
import type { Effects, RunResult, Subprocess } from "../effects/index.ts";

/** In the order in which they are tried. */
export const LAYERS = ["bubblewrap", "namespaces", "landlock"] as const;
export type LayerName = (typeof LAYERS)[number];

export interface BubblewrapTools {
  readonly layer: "bubblewrap";
  readonly bwrap: string;
  /** From outside every plane; makes ways for root, see `openings.ts`. */
  readonly python: string;
  readonly temp_bounded: boolean;
  /** Compiled filter of system calls: a network of one's own still reaches a listener through its file in the plane. */
  readonly filter: Uint8Array;
  /** A Python that closes descriptors our own caller left open to us; bubblewrap would hand them on. */
  readonly closer?: string;
}

/** The programs a layer is driven with, absolute. */
export type JailTools =
  | BubblewrapTools
  | { readonly layer: "namespaces" | "landlock"; readonly launcher: string };

/** A layer whose probe held on this machine, for this user, in this process. */
export interface Jail {
  readonly layer: LayerName;
  readonly tools: JailTools;
}

export interface LayerRefusal {
  readonly layer: LayerName;
  /** Continues "bubblewrap: "; one line, no control characters. */
  readonly reason: string;
}

export interface JailSearch {
  readonly jail: Jail | undefined;
  /** Every layer that was looked at and not taken, in order; all of them where `jail` is undefined. */
  readonly tried: readonly LayerRefusal[];
}

export interface JailRequest {
  /** The program first, absolute and without a `..`. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Absolute files and folders visible to the program beside the system's own; read-only. */
  readonly readable: readonly string[];
  /** Absolute paths that must not be visible: refused when one lies inside what would be. */
  readonly hidden: readonly string[];
  /** Added to the clean environment; never handed to the jail's own tools. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array | string;
  readonly limits: Parameters<Subprocess["run"]>[0]["limits"];
}

export type JailNeeds = Pick<Effects, "fs" | "subprocess" | "host" | "random" | "signal" | "locks">;
export type JailedResult = RunResult;
