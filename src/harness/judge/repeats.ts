/** An action that is asked the same again answers the same: across steps of one life, and across patch versions. */
import semver from "semver";
import type { GoldenProblem, GoldenTrace, ScenarioStep } from "../../contracts/index.ts";
import { subsetMismatches } from "../json-match.ts";
import { problem } from "../problems.ts";

interface Asked {
  readonly step: string;
  readonly version: string;
  readonly output: unknown;
}

export class Repeats {
  #asked = new Map<string, Asked[]>();

  /** Another configuration may well be another answer. */
  forget(): void {
    this.#asked = new Map();
  }

  /** @param version of the package that answered, as installed */
  judge(
    { id, step, version }: { readonly id: string; readonly step: ScenarioStep; readonly version: string },
    { output }: GoldenTrace,
  ): GoldenProblem[] {
    if (step.do !== "execute" || step.expect.exit_code !== 0) return [];
    const key = JSON.stringify([step.package, step.action, step.input]);
    const before = this.#asked.get(key) ?? [];
    this.#asked.set(key, [...before, { step: id, version, output }]);
    // An answer that is expected in so many words was judged already.
    const is_expected = step.expect.output !== undefined;
    for (const one of before) {
      const is_same_version = one.version === version;
      if (!is_same_version && (is_expected || semver.diff(one.version, version) !== "patch")) continue;
      const [mismatch] = [...subsetMismatches(output, one.output), ...subsetMismatches(one.output, output)];
      if (mismatch === undefined) continue;
      const { pointer, expected, actual } = mismatch;
      const versions = is_same_version
        ? `${version} in step ${one.step}`
        : `${one.version} (step ${one.step})`;
      return [
        problem(
          is_same_version ? "VARIES" : "OUTPUT_CHANGED",
          `${step.action} answers ${actual} at ${pointer}, and ${expected} from ${versions}`,
          { subject: pointer, expected, actual },
          is_same_version
            ? `Let the same input have the same answer, or write [[normalise]] pointer = "/output${pointer}" with a word for it.`
            : "Publish it as a minor version, or keep the answer.",
        ),
      ];
    }
    return [];
  }
}
