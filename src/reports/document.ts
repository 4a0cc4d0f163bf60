/** What every form of report is made from: the findings of one check, whichever check it was. */
import type { Finding } from "../contracts/index.ts";

export interface Rule {
  /** One short phrase: what is wrong where this is found. */
  readonly title: string;
  /** Why it matters and what to do about it in general. */
  readonly help: string;
}

export interface FindingsDocument {
  /** Program that checked, such as `integrity-check`. */
  readonly tool: { readonly name: string; readonly version: string };
  /** What was checked, for people. */
  readonly title: string;
  readonly passed: boolean;
  /** Complete and sorted. */
  readonly findings: readonly Finding[];
  /** What was looked at, by name: a report of nothing must not read like a good one. */
  readonly counts: Readonly<Record<string, number>>;
  /** By code; a code without a rule is described by its own words. */
  readonly rules: Readonly<Record<string, Rule>>;
  /** Where a finding that concerns no file is shown. */
  readonly home_path: string;
  /** Why nothing could be checked. */
  readonly error?: { readonly code: string; readonly message: string; readonly next_step: string };
}

export const FORMATS = ["sarif", "junit", "github", "markdown"] as const;
export type Format = (typeof FORMATS)[number];

export function ruleOf({ rules }: Pick<FindingsDocument, "rules">, code: string): Rule {
  const known = Object.hasOwn(rules, code) ? rules[code] : undefined;
  if (known !== undefined) return known;
  const words = code.toLowerCase().replaceAll("_", " ");
  return { title: words.charAt(0).toUpperCase() + words.slice(1), help: "See the next step of the finding." };
}

/** `waived` where somebody answers for it. */
export const standing = ({ severity, waived }: Finding): Finding["severity"] | "waived" =>
  waived === undefined ? severity : "waived";

export const waivedBy = ({ owner, reason, expires }: NonNullable<Finding["waived"]>): string =>
  `waived by ${owner} until ${expires}: ${reason}`;
