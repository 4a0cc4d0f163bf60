import type { Effects } from "../effects/index.ts";

/** `TX-<UTC time to the second>-<16 hex>`: sorts in time order, and no two are equal. */
export function newId({ clock, random }: Pick<Effects, "clock" | "random">): string {
  const stamp = new Date(clock.now_ms()).toISOString().replace(/[-:.]/g, "").slice(0, 15);
  return `TX-${stamp}-${random.hex(8)}`;
}
