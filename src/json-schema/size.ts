/** Depth and size of a JSON value, told without recursion, so that what comes after may recurse. */
export function sizeOf(
  value: unknown,
  { units_max, depth_max }: { units_max: number; depth_max: number },
): string | undefined {
  let units = 0;
  const pending: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.depth > depth_max) return `is nested deeper than ${depth_max} levels`;
    units += typeof next.value === "string" ? next.value.length + 2 : 4;
    if (typeof next.value === "object" && next.value !== null)
      for (const [key, inner] of Object.entries(next.value)) {
        units += key.length;
        pending.push({ value: inner, depth: next.depth + 1 });
      }
    if (units > units_max) return `is larger than ${units_max} characters`;
  }
  return undefined;
}
