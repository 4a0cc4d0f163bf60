/** How long the lists of an answer are, and whether an index may be believed about what they name. */
import type { Sight } from "./sight.ts";

/** Longer lists of dependents, packages and files are counted whole and begun, unless all was asked for. */
const LISTED_MAX = 1_000;

export const listedMax = ({ options }: Sight): number =>
  options.all === true ? Number.POSITIVE_INFINITY : LISTED_MAX;

/** False where what an index said of these packages is not so any more, and is to be asked again; true the second time. */
export const isStillSo = ({ facts }: Sight, ids: readonly string[]): boolean => facts.areCurrent(ids) ?? true;
