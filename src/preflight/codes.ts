/** Every code that preflight decides by itself. Codes of the archive reader and of signatures are those rooms' own. */
import type { Rule } from "../reports/index.ts";
import type { PreflightCode } from "./code.ts";
import { ADVICE_CODES } from "./codes-advice.ts";
import { MANIFEST_CODES } from "./codes-manifest.ts";
import { PLANE_CODES } from "./codes-plane.ts";
import { PLUGIN_CODES } from "./codes-plugin.ts";

export const PREFLIGHT_CODES: Readonly<Record<string, PreflightCode>> = {
  ...MANIFEST_CODES,
  ...PLUGIN_CODES,
  ...PLANE_CODES,
  ...ADVICE_CODES,
};

/** For viewers that show rules. */
export const PREFLIGHT_RULES: Readonly<Record<string, Rule>> = PREFLIGHT_CODES;
