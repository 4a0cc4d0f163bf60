/** What a sandbox promises, one claim a line, with the layer of the system that keeps it. */
import type { PluginKind } from "../../contracts/index.ts";

export type ClaimLayer =
  | "bubblewrap"
  | "namespaces"
  | "seccomp"
  | "landlock"
  | "rlimits"
  | "kernel"
  | "cgroup"
  | "sampled"
  | "proxy";

export interface Claim {
  readonly id: string;
  /** What is promised. */
  readonly text: string;
  /** `wall`: bubblewrap, or the layer that stands in for it. */
  readonly layer: ClaimLayer | "wall" | "memory";
  /** Kinds that it is promised for; all where not given. */
  readonly kinds?: readonly PluginKind[];
  /** Tried by a Python program alone: Node makes no system calls of its own choice. */
  readonly needs_python?: boolean;
  /** Where it does not hold plugins run all the same, and the entry of each run says what is missing. */
  readonly is_advice?: boolean;
}

export const CLAIMS: readonly Claim[] = [
  { id: "files.outside", text: "files outside the grant cannot be read", layer: "wall" },
  { id: "files.hidden", text: "forbidden paths are not there", layer: "wall" },
  { id: "files.own", text: "its own installed files cannot be changed", layer: "wall" },
  { id: "files.system", text: "nothing of the system can be changed", layer: "wall" },
  { id: "files.link", text: "a link in a granted folder leads nowhere else", layer: "wall" },
  { id: "network.space", text: "it has a network of its own, without a way out", layer: "wall" },
  { id: "network.tcp", text: "no listener of this machine is reached", layer: "wall" },
  {
    id: "network.socket",
    text: "no socket can be made",
    layer: "seccomp",
    kinds: ["node", "agent", "quality_gate"],
  },
  { id: "network.unix", text: "no socket with a path or an abstract name can be made", layer: "seccomp" },
  {
    id: "network.domain",
    text: "a domain that is not granted is refused by name",
    layer: "proxy",
    kinds: ["integration"],
  },
  { id: "processes.hidden", text: "no process of this machine is seen or signalled", layer: "wall" },
  { id: "processes.tree", text: "nothing it started outlives it", layer: "wall", needs_python: true },
  {
    id: "processes.count",
    text: "more processes than granted cannot be made",
    layer: "rlimits",
    needs_python: true,
  },
  {
    id: "processes.trace",
    text: "no process can be traced or read into",
    layer: "seccomp",
    needs_python: true,
  },
  { id: "programs.none", text: "no program of its own can be started", layer: "landlock" },
  {
    id: "kernel.ring",
    text: "no ring of system calls goes past the filter",
    layer: "seccomp",
    needs_python: true,
  },
  {
    id: "kernel.spaces",
    text: "no namespace, mount or key can be made",
    layer: "seccomp",
    needs_python: true,
  },
  { id: "rights.user", text: "it is no user with rights, here or outside", layer: "kernel" },
  { id: "rights.gain", text: "no program can give it rights", layer: "kernel" },
  { id: "environment", text: "nothing of the caller's environment is there", layer: "wall" },
  { id: "descriptors", text: "no descriptor of the caller is open", layer: "wall" },
  { id: "terminal", text: "there is no terminal", layer: "wall" },
  { id: "temp.size", text: "temporary files end at their ceiling", layer: "wall" },
  { id: "memory", text: "the tree ends when it passes its ceiling of memory", layer: "memory" },
  {
    id: "denials.kernel",
    text: "a call that the kernel denies leaves its record",
    layer: "seccomp",
    needs_python: true,
    is_advice: true,
  },
  { id: "allowed", text: "what is granted works", layer: "wall" },
];

/** Whether plugins are refused where it does not hold. */
export const isPromise = (claim: string): boolean =>
  CLAIMS.find(({ id }) => id === claim)?.is_advice !== true;

/** What is promised to a plugin of this kind and can be tried in this runtime. */
export const claimsFor = (kind: PluginKind, runtime: "python" | "node"): readonly Claim[] =>
  CLAIMS.filter(
    ({ kinds, needs_python }) =>
      (kinds?.includes(kind) ?? true) && (runtime === "python" || needs_python !== true),
  );
