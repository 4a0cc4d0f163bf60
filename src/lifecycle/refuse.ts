/** Checks collect every problem; this turns a complete list into the one fault the user sees. */
import { type Details, Fault } from "../kernel/index.ts";

/**
 * The first problem speaks (code, next step, exit code), all are listed under `details.findings`.
 * @throws Fault when the list is not empty
 */
export function refuseAll(problems: readonly Fault[]): void {
  const [first, ...others] = problems;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  const findings = problems.map((problem) => problem.toJSON() as unknown as Details);
  throw new Fault({
    code: first.code,
    message: `${first.message} (and ${others.length} more)`,
    next_step: first.next_step,
    details: { ...first.details, findings },
    exit_code: first.exit_code,
  });
}
