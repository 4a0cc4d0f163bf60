import type { Classification } from "../contracts/index.ts";
import { matchesGlob } from "./glob.ts";

const BY_ENDING: readonly (readonly [RegExp, Classification])[] = [
  [/(^|\/)(tests?|__tests__)\//, "test"],
  [/(^|\/)test_[^/]*\.py$|\.test\.[cm]?[jt]s$/, "test"],
  [/\.schema\.json$|(^|\/)schemas?\//, "schema"],
  [/(^|\/)policies\//, "policy"],
  [/(^|\/)frameworks\//, "framework"],
  [/\.(md|rst|txt)$|(^|\/)LICENSE$/, "doc"],
  [/\.(py|js|mjs|cjs|ts|sh|wasm)$/, "code"],
  [/(^|\/)(pyproject\.toml|package\.json|holdfast\.toml|capabilities\.(json|ya?ml))$/, "code"],
  [/\.(toml|ini|cfg|ya?ml)$/, "config"],
];

/** The class of a file: the author's first matching rule, else by its name. Unknown names are `data`. */
export function classify(
  path: string,
  rules: readonly { match: string; as: Classification }[] = [],
): Classification {
  const rule = rules.find((candidate) => matchesGlob(path, candidate.match));
  return rule?.as ?? BY_ENDING.find(([pattern]) => pattern.test(path))?.[1] ?? "data";
}
