/** Which kept generations stay: the last three that changed packages, those marked good, and all newer ones. */
import type { Effects } from "../effects/index.ts";
import { dropKept, keptNumbers, readKept, sweepTrash } from "../journal/index.ts";
import { keepReserve, type Plane, REGISTRY_FILES } from "../plane/index.ts";
import { readGood } from "./good.ts";
import { changesPackages } from "./undo-notes.ts";

export const GENERATIONS_KEPT = 3;
const RESERVE_BASE_BYTES = 1 << 20;

export interface Collection {
  readonly kept: readonly number[];
  readonly dropped: readonly number[];
}

/** Changes nothing. A generation that changed no packages (a pack, a registration) takes none of the three places. */
export function planCollection(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
  keep = GENERATIONS_KEPT,
): Collection {
  const numbers = keptNumbers(fs, plane.root);
  const good = readGood(fs, plane.root);
  const kept: number[] = [];
  const dropped: number[] = [];
  let counted = 0;
  for (const number of [...numbers].reverse()) {
    const is_needed = counted < keep || good.some((one) => one.generation < number);
    if (is_needed) kept.push(number);
    else dropped.push(number);
    if (changesPackages(readKept(fs, plane.root, number)?.notes)) counted++;
  }
  return { kept: kept.reverse(), dropped: dropped.reverse() };
}

/** After every commit. What cannot be removed now is removed the next time. */
export function collectGenerations(effects: Pick<Effects, "fs">, plane: Plane): void {
  const { fs } = effects;
  try {
    for (const number of planCollection(effects, plane).dropped) dropKept(fs, plane.root, number);
    sweepTrash(fs, plane.root);
  } catch {
    // `pkg gc` says why.
  }
  renewReserve(effects, plane);
}

/** Grows the reserve to what a rollback of this plane needs, where there is room. Never fails the caller. */
export function renewReserve(effects: Pick<Effects, "fs">, plane: Plane): void {
  const registries = REGISTRY_FILES.map((path) => effects.fs.stat(`${plane.root}/${path}`)?.size_bytes ?? 0);
  keepReserve(
    effects,
    plane.root,
    RESERVE_BASE_BYTES + 2 * registries.reduce((sum, bytes) => sum + bytes, 0),
  );
}
