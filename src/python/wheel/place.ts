/** Where a wheel's files go, and which of them may not be there at all. */

/** Below the site folder; undefined for a scheme that is not taken. */
export function placeOf(path: string, info_folder: string): string | undefined {
  const data = `${info_folder.replace(/\.dist-info$/, "")}.data/`;
  if (!path.toLowerCase().startsWith(data.toLowerCase()))
    return /^[^/]*\.data\//i.test(path) ? undefined : path;
  const [scheme = "", ...rest] = path.slice(data.length).split("/");
  const is_taken = (scheme === "purelib" || scheme === "platlib") && rest.length > 0;
  return is_taken ? rest.join("/") : undefined;
}

export interface RefusedMember {
  readonly rule: "startup" | "bytecode" | "shadow";
  readonly why: string;
}

/** What the interpreter would run or believe without being asked, and what would stand in for the plane's own packages. */
export function refusedMember(place: string, reserved_names: ReadonlySet<string>): RefusedMember | undefined {
  const path = place.toLowerCase();
  const first = path.split("/")[0] ?? "";
  if (path.endsWith(".pth") || /^(sitecustomize|usercustomize)(\.|$)/.test(first))
    return { rule: "startup", why: "would be run whenever an interpreter starts" };
  if (/\.py[co]$/.test(path) || path.split("/").includes("__pycache__"))
    return { rule: "bytecode", why: "is bytecode, which nobody can read" };
  const stem = first.split(".")[0] ?? "";
  if (reserved_names.has(stem)) return { rule: "shadow", why: `would stand in for the plane's own ${stem}` };
  return undefined;
}
