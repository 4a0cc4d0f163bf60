/** The wall of this machine. One that was not seen to hold is never used. */

import { BWRAP_PLACES } from "../bubblewrap.ts";
import type { ConfineNeeds } from "../confined.ts";
import { make } from "../faults.ts";
import { isKnownMachine, PERL_PLACES } from "./perl-common.ts";
import type { Wall } from "./wall.ts";

export interface WallSearch {
  /** Whether somebody accepted, by name and for a time, that plugins run behind a weaker layer. */
  readonly accepts_weaker: () => boolean;
}

/** @throws SANDBOX_LAYER_MISSING naming the layer and the command to install it */
export async function findWall({ fs, host }: ConfineNeeds, _search: WallSearch): Promise<Wall> {
  const firstOf = (places: readonly string[]): string | undefined =>
    places.find((path) => fs.stat(path) !== undefined);
  const missing = (reason: string, cure: string): never => {
    throw make("SANDBOX_LAYER_MISSING", `the sandbox layer bubblewrap is not usable: ${reason}`, {
      layer: "bubblewrap",
      reason,
      cure,
    });
  };
  if (host.platform !== "linux" || !isKnownMachine(host.arch))
    return missing(`needs Linux on x64 or arm64, and this is ${host.platform} on ${host.arch}`, "uname -sm");
  const bwrap = firstOf(BWRAP_PLACES);
  if (bwrap === undefined)
    return missing(`not installed in ${BWRAP_PLACES.join(", ")}`, "apt-get install bubblewrap");
  const perl = firstOf(PERL_PLACES);
  if (perl === undefined)
    return missing(`no Perl in ${PERL_PLACES.join(", ")} to build it with`, "apt-get install perl-base");
  return { layer: "bubblewrap", bwrap, perl, may_disable_userns: true };
}
