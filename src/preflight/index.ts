export { advise, findUntidy } from "./advice.ts";
export { checkOf } from "./checks.ts";
export { PREFLIGHT_CODES, PREFLIGHT_RULES } from "./codes.ts";
export { make as makePreflightFault, preflightFaults } from "./faults.ts";
export { defined, type FieldPlace, findingFrom, type Locate } from "./findings.ts";
export { editFor } from "./fix/choose-edit.ts";
export { pointerOfAsked } from "./permissions.ts";
export { checkPlugin } from "./plugin.ts";
export { preflightDocument, renderPreflight } from "./render.ts";
export { preflightReport } from "./report.ts";
export {
  checkCompat,
  checkRanges,
  checkRequirements,
  checkTiers,
  type Present,
  RUNTIMES,
  type Runtime,
  type RuntimeName,
} from "./requirements.ts";
export { type About, Tally } from "./tally.ts";
export { type Breakage, type Broken, type Standing, whatBreaks } from "./what-breaks.ts";

/** Loaded only when something is mended: it parses with parsers of its own. See fix/fix-text.ts. */
export async function loadFixText() {
  return (await import("./fix/fix-text.ts")).fixText;
}
