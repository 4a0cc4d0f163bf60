/** Denials as they are reported, kept to a number and a length: a program can report what it likes. */
import { DENIAL_RULES, type Denial, type DenialRule } from "../confined.ts";
import { lastWords } from "../printable.ts";
import { isInside } from "../view.ts";

const DENIALS_MAX = 64;
const LINE_BYTES_MAX = 4096;
/** Told apart, so that what two saw is counted once; beyond it each counts. */
const KNOWN_MAX = 1024;

export interface TakenDenials {
  readonly denials: readonly Denial[];
  readonly denials_dropped: number;
}

export class Denials {
  listed: readonly Denial[] = [];
  dropped = 0;
  readonly #plane_root: string;
  readonly #seen = new Set<string>();

  constructor(plane_root: string) {
    this.#plane_root = plane_root;
  }

  add(rule: DenialRule, subject: string, seen_by: Denial["seen_by"]): void {
    const shown = lastWords(subject) || "(nothing)";
    const key = `${rule} ${shown}`;
    if (this.#seen.has(key)) return;
    if (this.#seen.size < KNOWN_MAX) this.#seen.add(key);
    if (this.listed.length >= DENIALS_MAX) {
      this.dropped++;
      return;
    }
    const scope = scopeFor(rule, subject, this.#plane_root);
    this.listed = [
      ...this.listed,
      { rule, subject: shown, ...(scope === undefined ? {} : { scope }), seen_by },
    ];
  }

  /** Those since it was last asked. */
  take(): TakenDenials {
    const { listed, dropped } = this;
    this.listed = [];
    this.dropped = 0;
    this.#seen.clear();
    return { denials: listed, denials_dropped: dropped };
  }

  /** One JSON object a line; what is none is passed over. */
  async read(incoming: AsyncIterable<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const bytes of incoming) {
      const lines = (rest + Buffer.from(bytes).toString("utf8")).split("\n");
      rest = (lines.pop() ?? "").slice(0, LINE_BYTES_MAX);
      for (const line of lines) this.#take(line);
    }
  }

  #take(line: string): void {
    let said: unknown;
    try {
      said = JSON.parse(line.slice(0, LINE_BYTES_MAX));
    } catch {
      return;
    }
    if (typeof said !== "object" || said === null) return;
    const { rule, subject, seen_by } = said as Record<string, unknown>;
    if (typeof rule === "string" && typeof subject === "string")
      this.addNamed(rule, subject, seen_by === "node" ? "node" : "python");
  }

  /** Of a rule that is none of ours nothing is kept. */
  addNamed(rule: string, subject: string, seen_by: Denial["seen_by"]): void {
    const known = DENIAL_RULES.find((one) => one === rule);
    if (known !== undefined) this.add(known, subject, seen_by);
  }
}

/** The permission to ask for; undefined where none would help: the plane is all that a file permission can name. */
function scopeFor(rule: DenialRule, subject: string, plane_root: string): string | undefined {
  if (rule === "subprocess") return "subprocess";
  if (rule === "tool") return `tool:${subject}`;
  if (rule === "network") {
    const [, name, port] = /^([a-z0-9.-]+?)(?::(\d+))?$/i.exec(subject) ?? [];
    if (name === undefined || !/[a-z]/i.test(name)) return undefined;
    return `network:${name.toLowerCase()}${port === undefined || port === "443" || port === "80" ? "" : `:${port}`}`;
  }
  if (rule !== "files.read" && rule !== "files.write") return undefined;
  if (subject === plane_root || !isInside(subject, plane_root)) return undefined;
  const path = subject.slice(plane_root.length + 1);
  return path.startsWith(".holdfast") ? undefined : `${rule}:${path}`;
}
