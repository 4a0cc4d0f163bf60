/** What a wall could be built with on this machine. Whether it holds is the witness's to say. */
import { BWRAP_PLACES } from "../bubblewrap.ts";
import type { ConfineNeeds } from "../confined.ts";
import { make } from "../faults.ts";
import { PYTHON_PLACES, SETTING } from "../find-jail.ts";
import { isKnownMachine, PERL_PLACES } from "./perl-common.ts";
import type { BubblewrapWall, NamespacesWall, Wall } from "./wall.ts";

export interface WallSearch {
  /** Whether somebody accepted, by name and for a time, that plugins run behind a weaker layer. */
  readonly accepts_weaker: () => boolean;
}

export interface Missing {
  /** Continues "bubblewrap is not usable: ". */
  readonly reason: string;
  /** A command that works when pasted. */
  readonly cure: string;
}

type Needs = Pick<ConfineNeeds, "fs" | "host">;

/** The wall that would be used. @throws SANDBOX_LAYER_MISSING naming the layer and the command to install it */
export async function findWall(effects: Needs, { accepts_weaker }: WallSearch): Promise<Wall> {
  const wall = bubblewrapWall(effects);
  if (isWall(wall)) return wall;
  if (accepts_weaker()) {
    const next = namespacesWall(effects);
    if (isWall(next)) return next;
  }
  throw missingLayer(wall);
}

export const missingLayer = ({ reason, cure }: Missing): Error =>
  make("SANDBOX_LAYER_MISSING", `the sandbox layer bubblewrap is not usable: ${reason}`, {
    layer: "bubblewrap",
    reason,
    cure,
  });

export const isWall = (found: Wall | Missing): found is Wall => "layer" in found;

export function bubblewrapWall(effects: Needs): BubblewrapWall | Missing {
  const common = commonTo(effects);
  if ("reason" in common) return common;
  const wanted = effects.host.env[SETTING] ?? "";
  if (wanted !== "" && wanted !== "bubblewrap")
    return { reason: `excluded by ${SETTING}=${JSON.stringify(wanted)}`, cure: `unset ${SETTING}` };
  const bwrap = firstOf(effects, BWRAP_PLACES);
  if (bwrap === undefined)
    return { reason: `not installed in ${BWRAP_PLACES.join(", ")}`, cure: "apt-get install bubblewrap" };
  return { layer: "bubblewrap", bwrap, may_disable_userns: true, ...common };
}

export function namespacesWall(effects: Needs): NamespacesWall | Missing {
  const common = commonTo(effects);
  if ("reason" in common) return common;
  const python = firstOf(effects, PYTHON_PLACES);
  if (python === undefined)
    return {
      reason: `no Python in ${PYTHON_PLACES.join(", ")} to build it with`,
      cure: "apt-get install python3",
    };
  return { layer: "namespaces", python, ...common };
}

function commonTo({ fs, host }: Needs): { perl: string } | Missing {
  if (host.platform !== "linux" || !isKnownMachine(host.arch))
    return {
      reason: `needs Linux on x64 or arm64, and this is ${host.platform} on ${host.arch}`,
      cure: "uname -sm",
    };
  const perl = firstOf({ fs }, PERL_PLACES);
  if (perl === undefined)
    return {
      reason: `no Perl in ${PERL_PLACES.join(", ")} to build it with`,
      cure: "apt-get install perl-base",
    };
  return { perl };
}

const firstOf = ({ fs }: Pick<Needs, "fs">, places: readonly string[]): string | undefined =>
  places.find((path) => fs.stat(path) !== undefined);
