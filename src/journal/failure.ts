import { Fault } from "../kernel/index.ts";
import { make } from "./faults.ts";

/** Faults of ours keep their code as `cause_code` and gain exit 6 or 130. */
export function failureOf(
  about: {
    readonly transaction_id: string;
    readonly phase: string;
    /** What the plane goes back to, in words. */
    readonly back_to: string | undefined;
    readonly is_stopped: boolean;
  },
  error: unknown,
): Fault {
  const { transaction_id, phase, back_to, is_stopped } = about;
  if (is_stopped) {
    const message = `interrupted in ${phase}; everything is as it was before`;
    return make("INTERRUPTED", message, { transaction_id, phase }, error);
  }
  const problem = error instanceof Error ? error.message : String(error);
  const cause_code =
    error instanceof Fault ? error.code : ((error as { code?: string }).code ?? "UNEXPECTED");
  const cause = error instanceof Fault ? { ...error.toJSON() } : null;
  const why = phase === "health-check" ? problem : `${phase} failed: ${problem}`;
  const message =
    back_to === undefined
      ? `${phase} failed and everything was put back: ${problem}`
      : `Rolled back to ${back_to} because ${why}`;
  return make("TRANSACTION_FAILED", message, { transaction_id, phase, problem, cause_code, cause }, error);
}
