export type Syntax = "json" | "toml";

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Both places of one field. */
export interface Seen {
  readonly key: Place;
  readonly value: Place;
}
