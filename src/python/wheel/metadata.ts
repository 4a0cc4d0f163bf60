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

const CLAUSE = /^\s*(>=|<=|<|>|==|!=|~=)\s*([0-9][0-9.]*\*?)\s*$/;

/** Whether some release of major.minor can be in the range. A clause of another form rules nothing out. */
export function meetsPython(
  range: string,
  python: { readonly major: number; readonly minor: number },
): boolean {
  return range.split(",").every((clause) => {
    const [, operator = "", wanted = ""] = CLAUSE.exec(clause) ?? [];
    const parts = wanted
      .replace(/\.?\*$/, "")
      .split(".")
      .map(Number);
    return operator === "" || meetsClause(operator, { parts, is_prefix: wanted.endsWith("*") }, python);
  });
}

const HOLDS: Readonly<Record<string, (difference: number, patch: number | undefined) => boolean>> = {
  ">=": (difference) => difference >= 0,
  "~=": (difference) => difference >= 0,
  "<=": (difference) => difference <= 0,
  "<": (difference, patch) => difference < 0 || (difference === 0 && (patch ?? 0) > 0),
  ">": (difference, patch) => difference > 0 || (difference === 0 && patch !== undefined),
  "==": (difference) => difference === 0,
};

function meetsClause(
  operator: string,
  {
    parts: [of_major = 0, of_minor, patch],
    is_prefix,
  }: { readonly parts: readonly number[]; readonly is_prefix: boolean },
  { major, minor }: { readonly major: number; readonly minor: number },
): boolean {
  const difference = major - of_major || (of_minor === undefined ? 0 : minor - of_minor);
  if (operator === "!=") return difference !== 0 || !is_prefix;
  if (operator === "~=" && major !== of_major) return false;
  return HOLDS[operator]?.(difference, patch) ?? true;
}
