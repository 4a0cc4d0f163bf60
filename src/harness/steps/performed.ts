/** What came of a step. */
import type { Answer } from "../driver.ts";

export interface Performed {
  /** What the step itself answered. */
  readonly answer: Answer;
  /** Answers of commands that ran beside it, where there were several. */
  readonly others: readonly Answer[];
  /** Puts back what the step broke on purpose. */
  readonly undo?: () => void;
}
