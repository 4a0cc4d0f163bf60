/** What the CLI knows of operations before it loads one. Written by `scripts/generate.mjs` into `generated/`. */
export interface FlagSpec {
  /** Input field; the flag is the same with `_` as `-`. */
  readonly field: string;
  readonly type: "boolean" | "string" | "integer" | "list";
  readonly description: string;
  readonly choices?: readonly string[];
  readonly default?: string | number | boolean;
  readonly required?: true;
  readonly short?: string;
  /** Taken from the words instead; a list takes all that are left. May still be given as a flag. */
  readonly positional?: true;
}

export interface OperationSpec {
  readonly name: string;
  readonly summary: string;
  readonly examples: readonly string[];
  readonly authorised: boolean;
  readonly flags: readonly FlagSpec[];
}

export const flagName = (field: string): string => `--${field.replaceAll("_", "-")}`;
