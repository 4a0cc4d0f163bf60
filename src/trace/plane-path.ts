/** Plane-relative paths by their text alone. */

export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** `/scripts/x.py` and `./scripts/` as the plane-relative path they mean. */
export const trimPath = (path: string): string => path.replace(/^(?:\.?\/)+/, "").replace(/\/+$/, "");

/** Relative, without empty, `.` or `..` segments and without NUL. */
export function isPlain(path: string): boolean {
  return (
    path !== "" &&
    !path.includes("\0") &&
    !path.split("/").some((segment) => segment === "" || segment === "." || segment === "..")
  );
}
