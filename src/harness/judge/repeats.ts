/** An action that is asked the same again answers the same: across steps of one life, and across patch versions. */
import semver from "semver";
import type { GoldenProblem, ScenarioStep } from "../../contracts/index.ts";
import { type Mismatch, subsetMismatches } from "../json-match.ts";
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

  /**
   * @param version of the package that answered, as installed
   * @param again asks the same once more: an answer that differs from itself says nothing of versions
   */
  async judge(
    { id, step, version }: { readonly id: string; readonly step: ScenarioStep; readonly version: string },
    output: unknown,
    again: () => Promise<unknown>,
  ): Promise<GoldenProblem[]> {
    if (step.do !== "execute" || step.expect.exit_code !== 0) return [];
    const key = JSON.stringify([step.package, step.action, step.input]);
    const before = this.#asked.get(key) ?? [];
    this.#asked.set(key, [...before, { step: id, version, output }]);
    for (const one of before) {
      const mismatch = differenceOf(output, one.output);
      if (mismatch === undefined) continue;
      if (one.version === version) return [varies(step, mismatch, `step ${one.step}`)];
      // An answer that is expected in so many words was judged already.
      const may_differ = step.expect.output !== undefined || semver.diff(one.version, version) !== "patch";
      const itself = differenceOf(await again(), output);
      if (itself !== undefined) return [varies(step, itself, "a moment before")];
      if (!may_differ) return [changed(step, mismatch, one)];
    }
    return [];
  }
}

const differenceOf = (a: unknown, b: unknown): Mismatch | undefined =>
  [...subsetMismatches(a, b), ...subsetMismatches(b, a)][0];

type Execute = Extract<ScenarioStep, { do: "execute" }>;

function varies({ action }: Execute, { pointer, expected, actual }: Mismatch, before: string): GoldenProblem {
  return problem(
    "VARIES",
    `${action} answers ${actual} at ${pointer}, and answered ${expected} in ${before}`,
    { subject: pointer, expected, actual },
    `Let the same input have the same answer, or write [[normalise]] pointer = "/output${pointer}" with a word for it.`,
  );
}

function changed({ action }: Execute, { pointer, expected, actual }: Mismatch, before: Asked): GoldenProblem {
  return problem(
    "OUTPUT_CHANGED",
    `${action} answers ${actual} at ${pointer}, and answered ${expected} in ${before.version} (step ${before.step})`,
    { subject: pointer, expected, actual },
    "Publish it as a minor version, or keep the answer.",
  );
}
