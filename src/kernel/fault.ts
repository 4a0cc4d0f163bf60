/**
 * Faults: the world is wrong and the user can act.
 *
 * Three outcomes are never mixed (design, principle 4): a Fault is thrown, a Finding is returned, a bug exits 70.
 * Each room declares its slice of the catalogue in `faults.ts` with `defineFaults`.
 */

/** 1 failed check · 2 usage or bad input · 3 refused · 4 state damaged · 5 environment · 6 failed and rolled back · 130 interrupted. */
export type ExitCode = 1 | 2 | 3 | 4 | 5 | 6 | 130;

export type Detail =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly Detail[]
  | { readonly [key: string]: Detail };
export type Details = { readonly [key: string]: Detail };

export interface FaultKind<D> {
  readonly exit_code: ExitCode;
  /** One imperative sentence that names a command or a file, computed from the details. */
  readonly next_step: (details: D) => string;
}

export interface FaultJson {
  readonly code: string;
  readonly message: string;
  readonly next_step: string;
  readonly details: Details;
}

export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: string;
  readonly next_step: string;
  readonly details: Details;
  readonly exit_code: ExitCode;

  constructor(fields: FaultJson & { readonly exit_code: ExitCode; readonly cause?: unknown }) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = fields.code;
    this.next_step = fields.next_step;
    this.details = fields.details;
    this.exit_code = fields.exit_code;
  }

  /** The only wire form: the same object under `--json`, in a ledger entry and in a finding. */
  toJSON(): FaultJson {
    return { code: this.code, message: this.message, next_step: this.next_step, details: this.details };
  }
}

type DetailsOf<K> = K extends FaultKind<infer D> ? D : never;

export interface FaultCatalogue<K> {
  readonly catalogue: K;
  /** Throws; never returns. */
  readonly raise: <C extends keyof K & string>(
    code: C,
    message: string,
    details: DetailsOf<K[C]>,
    cause?: unknown,
  ) => never;
  /** The same object unthrown, for checks that collect every problem. */
  readonly make: <C extends keyof K & string>(
    code: C,
    message: string,
    details: DetailsOf<K[C]>,
    cause?: unknown,
  ) => Fault;
}

/** Types one entry of a catalogue by the details its `next_step` needs. */
export function kind<D extends Details>(
  exit_code: ExitCode,
  next_step: (details: D) => string,
): FaultKind<D> {
  return { exit_code, next_step };
}

export function defineFaults<K extends Record<string, FaultKind<never>>>(catalogue: K): FaultCatalogue<K> {
  const make = (code: string, message: string, details: Details, cause?: unknown): Fault => {
    const found = catalogue[code] as unknown as FaultKind<Details>;
    return new Fault({
      code,
      message,
      details,
      exit_code: found.exit_code,
      next_step: found.next_step(details),
      cause,
    });
  };
  return {
    catalogue,
    make: make as FaultCatalogue<K>["make"],
    raise: ((...args: Parameters<typeof make>) => {
      throw make(...args);
    }) as FaultCatalogue<K>["raise"],
  };
}

/**
 * Checks collect every problem; this turns a complete list into the one fault the user sees: the first problem speaks (code,
 * next step, exit code), all are listed under `details.findings`.
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

/** A broken invariant: ours to mend, exits 70. */
class Bug extends Error {
  override readonly name = "Bug";
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Bug(message);
}
