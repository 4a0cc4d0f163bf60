/** Which layer of the sandbox holds here. */
import type { Effects } from "../effects/index.ts";
import { findJail, type LayerRefusal } from "../sandbox/index.ts";

export async function wallFor(
  effects: Effects,
): Promise<{ readonly layer: string | null; readonly refused: readonly LayerRefusal[] }> {
  const { jail, tried } = await findJail(effects);
  return { layer: jail?.layer ?? null, refused: tried };
}
