/** What one plugin may touch, computed from its kind and from the scopes that are granted and approved. Pure. */
import type { PackedPlugin, PluginKind, Scope } from "../contracts/index.ts";
import { partsOf, profileOf, type ScopeKind } from "../grants/index.ts";

export interface SandboxProfile {
  readonly kind: PluginKind;
  readonly runtime: PackedPlugin["runtime"];
  /** Plane-relative globs. What is in `hidden` is not there, whatever else allows it. */
  readonly files: {
    readonly read: readonly string[];
    readonly write: readonly string[];
    readonly hidden: readonly string[];
  };
  /** `NAME`, `*.NAME`, either with `:PORT`; empty means no network at all. */
  readonly domains: readonly string[];
  /** Names of variables that are passed on. */
  readonly environment: readonly string[];
  /** Whether it may start programs of its own. */
  readonly subprocess: boolean;
  /** Undefined where there is no broker to ask. */
  readonly broker: BrokerGrant | undefined;
}

export interface BrokerGrant {
  readonly tools: readonly string[];
  /** In one run; 0 where none were granted. */
  readonly tokens_max: number;
  readonly cost_units_max: number;
}

export interface ProfileRequest {
  readonly kind: PluginKind;
  readonly runtime: PackedPlugin["runtime"];
  readonly namespace: string;
  /** Plane-relative folder of the installed files. */
  readonly root: string;
  /** Granted and, above the profile, approved. What the kind allows by itself is added here. */
  readonly scopes: readonly Scope[];
}

/** The plane's own truth: no glob, however wide, shows it to a plugin. */
const NEVER_SHOWN = [".holdfast/**", ".git/**"];

export function profileFor({ kind, runtime, namespace, root, scopes }: ProfileRequest): SandboxProfile {
  const all = [...profileOf(kind).files({ namespace, root }), ...scopes];
  const values = (wanted: ScopeKind): string[] => [
    ...new Set(
      all.flatMap((scope) => {
        const parts = partsOf(scope);
        return parts?.kind === wanted ? [parts.value] : [];
      }),
    ),
  ];
  const write = values("files.write");
  return {
    kind,
    runtime,
    files: {
      // What may be executed or written is read for that; own files are run whatever the kind.
      read: [...new Set([`${root}/**`, ...values("files.read"), ...values("files.execute"), ...write])],
      write,
      hidden: [...NEVER_SHOWN, ...values("files.forbidden")],
    },
    // An agent reaches the world through its broker alone, whatever was granted.
    domains: kind === "agent" ? [] : values("network"),
    environment: values("environment"),
    subprocess: values("subprocess").length > 0,
    broker:
      kind === "agent"
        ? {
            tools: values("tool"),
            tokens_max: Math.max(0, ...values("tokens").map(Number)),
            cost_units_max: Math.max(0, ...values("cost").map(Number)),
          }
        : undefined,
  };
}
