/** Types of the matchers for Vitest 5: `import "holdfast/golden/vitest"` in a test. It imports nothing at run time. */
import type { Assertion } from "vitest";

export interface GoldenMatchers<R> {
  /** Every scenario passed, and there was one. */
  toPassGolden: () => R;
  /** The step passed; its id, or `scenario/step`. */
  toPassGoldenAt: (step: string) => R;
  /** The step failed, with this code where one is named. */
  toFailGoldenAt: (step: string, code?: string) => R;
  /** Every scenario did what its recording says. */
  toMatchRecording: () => R;
}

/** What `expect(report)` offers. */
export type GoldenAssertion = Assertion;

declare module "vitest" {
  // The parameters must be those of the declaration it extends.
  interface Matchers<R extends void | Promise<void>, T> extends GoldenMatchers<R> {}
}
