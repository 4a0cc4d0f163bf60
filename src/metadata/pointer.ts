/** JSON pointers (RFC 6901) as they stand in findings. The whole document is `/`, as every finding of this product writes it. */

export const pointerOf = (parts: readonly (string | number)[]): string =>
  `/${parts.map((part) => String(part).replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`;

export const childOf = (pointer: string, part: string | number): string =>
  pointer === "/" ? pointerOf([part]) : pointer + pointerOf([part]);

/** `/a/b` is within `/a` and within itself. */
export const isWithin = (pointer: string, outer: string): boolean =>
  outer === "/" || pointer === outer || pointer.startsWith(`${outer}/`);

/** What `outer` names becomes what `replacement` names. */
export const moved = (pointer: string, outer: string, replacement: string): string => {
  const rest = outer === "/" ? (pointer === "/" ? "" : pointer) : pointer.slice(outer.length);
  if (replacement === "/") return rest === "" ? "/" : rest;
  return replacement + rest;
};

/** The pointer one step up; the document is its own parent. */
export const parentOf = (pointer: string): string => pointer.slice(0, pointer.lastIndexOf("/")) || "/";
