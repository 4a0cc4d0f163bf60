/** Names of bytecode files: PEP 3147 (`<stem>.<tag>.pyc`) and PEP 488 (`.opt-1`, `.opt-2`). */

export interface CacheName {
  /** Module name: the source is `<stem>.py` in the folder above `__pycache__`. */
  readonly stem: string;
  /** `cpython-311`. */
  readonly tag: string;
  readonly optimize: 0 | 1 | 2;
}

const FORM = /^(.+)\.((?!opt-)[a-z]+-\d+)(?:\.opt-([12]))?\.pyc$/s;

/** Undefined for a name no import ever looks for, as `x.cpython-311-pytest-8.0.0.pyc`. */
export function bytecodeName(name: string): CacheName | undefined {
  const [, stem, tag, level] = FORM.exec(name) ?? [];
  if (stem === undefined || tag === undefined) return undefined;
  return { stem, tag, optimize: level === "1" ? 1 : level === "2" ? 2 : 0 };
}
