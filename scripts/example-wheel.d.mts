/** Types of example-wheel.mjs. */
export function buildWheel(): { readonly wheel: string; readonly bytes: Buffer; readonly sha256: string };
