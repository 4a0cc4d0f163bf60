/** What is read of WHEEL and METADATA: headers, ranges of Python, and names of what is required without condition. */

/** A project's name as PEP 503 spells it. */
export const normalName = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, "-");

/** Headers by lower-case name; what follows the first empty line is a description. */
export function headersOf(text: string): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (const line of (text.split(/\r?\n\r?\n/, 1)[0] ?? "").split(/\r?\n/)) {
    const [, name = "", value = ""] = /^([A-Za-z-]+):\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === "") continue;
    const key = name.toLowerCase();
    headers.set(key, [...(headers.get(key) ?? []), value]);
  }
  return headers;
}

/** Names that are needed on every machine: what has a marker may be for another one. */
export function requiredNames(requirements: readonly string[]): string[] {
  return requirements
    .filter((one) => !one.includes(";"))
    .flatMap((one) => /^[A-Za-z0-9][A-Za-z0-9._-]*/.exec(one)?.[0] ?? [])
    .map(normalName);
}

/** Whether major.minor can be in the range. Only whole clauses that rule it out do; a clause of another form does not. */
export function meetsPython(
  range: string,
  { major, minor }: { readonly major: number; readonly minor: number },
): boolean {
  return range.split(",").every((clause) => {
    const [, operator = "", wanted = ""] =
      /^\s*(>=|<=|<|>|==|!=|~=)\s*([0-9][0-9.]*\*?)\s*$/.exec(clause) ?? [];
    if (operator === "") return true;
    const [of_major = 0, of_minor, patch] = wanted
      .replace(/\.?\*$/, "")
      .split(".")
      .map(Number);
    const difference = major - of_major || (of_minor === undefined ? 0 : minor - of_minor);
    const is_whole = of_minor === undefined || patch === undefined;
    if (operator === ">=" || operator === "~=")
      return difference >= 0 && (operator === ">=" || major === of_major);
    if (operator === "<=") return difference <= 0;
    if (operator === "<") return difference < 0 || (difference === 0 && (patch ?? 0) > 0);
    if (operator === ">") return difference > 0 || (difference === 0 && !is_whole);
    if (operator === "==") return difference === 0;
    return difference !== 0 || !wanted.endsWith("*");
  });
}
