/**
 * The name of one case, enough to run it again:
 *
 *   quick/1/install/57.cut3            seed 1, scenario install, before mutation 57, power cut 3
 *   full/1/install/57.cut3/12.kill     and the recovery killed before its mutation 12
 *   full/1/install!40/57.cut3          with mutation 40 of the operation dropped
 *   full/1/install/57.cut3!4/12.kill   with mutation 4 of the recovery dropped
 */
export interface Case {
  readonly mode: "quick" | "full";
  readonly seed: number;
  readonly scenario: string;
  readonly dropped?: number;
  readonly first: string;
  readonly dropped_in_recovery?: number;
  readonly second?: string;
}

export function caseId({ mode, seed, scenario, dropped, first, dropped_in_recovery, second }: Case): string {
  const operation = dropped === undefined ? scenario : `${scenario}!${dropped}`;
  const crash = dropped_in_recovery === undefined ? first : `${first}!${dropped_in_recovery}`;
  return [mode, seed, operation, crash, ...(second === undefined ? [] : [second])].join("/");
}

const FORM =
  /^(quick|full)\/(\d+)\/([a-z-]+)(?:!(\d+))?\/(\d+\.[a-z]+\d*)(?:!(\d+))?(?:\/(\d+\.[a-z]+\d*))?$/;

/** Undefined when it names no case. */
export function readCase(text: string): Case | undefined {
  const [, mode, seed, scenario, dropped, first, dropped_in_recovery, second] = FORM.exec(text) ?? [];
  if (mode === undefined || scenario === undefined || first === undefined) return undefined;
  return {
    mode: mode as Case["mode"],
    seed: Number(seed),
    scenario,
    first,
    ...(dropped === undefined ? {} : { dropped: Number(dropped) }),
    ...(dropped_in_recovery === undefined ? {} : { dropped_in_recovery: Number(dropped_in_recovery) }),
    ...(second === undefined ? {} : { second }),
  };
}
