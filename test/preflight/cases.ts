/** For every code of preflight the smallest subject that brings it about, where it is shown, and what its next step comes to. */
import type { Case } from "./case.ts";
import { ADVICE_CASES } from "./cases-advice.ts";
import { ENTRY_CASES } from "./cases-entry.ts";
import { MANIFEST_CASES } from "./cases-manifest.ts";
import { PLANE_CASES } from "./cases-plane.ts";
import { PLUGIN_CASES } from "./cases-plugin.ts";
import { GOOD_FILES } from "./good.ts";

export const CASES: readonly Case[] = [
  ...MANIFEST_CASES,
  ...PLUGIN_CASES,
  ...PLANE_CASES,
  ...ENTRY_CASES,
  ...ADVICE_CASES,
];
export const filesOf = ({ files = {} }: Case): Record<string, string | null> => ({ ...GOOD_FILES, ...files });
