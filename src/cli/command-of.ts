/** How a user of this program types the operation. */
export function commandOf(program: string, name: string): string {
  return name === program || name.startsWith(`${program} `)
    ? name
    : name === "trace" || name === "integrity-check"
      ? program === "holdfast"
        ? `holdfast ${name}`
        : name
      : `${program} ${name}`;
}
