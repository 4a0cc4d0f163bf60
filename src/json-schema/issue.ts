/** A problem of a schema, or of a value held against one. */
export interface SchemaIssue {
  /** JSON pointer (RFC 6901) into the schema or the value; `/` is the whole. */
  readonly pointer: string;
  /** What follows the pointer: "must be an integer". */
  readonly message: string;
  /** Set for a keyword nobody knows. */
  readonly nearest?: string;
}

export const step = (pointer: string, part: string | number): string =>
  `${pointer === "/" ? "" : pointer}/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`;
