/** Answers an agent over its one socket, and holds what it uses against its grant. */
import type { Channel } from "../effects/index.ts";
import type { Broker, Brokered, DenialRule, Spent, ToolUse } from "./confined.ts";
import type { BrokerGrant } from "./profile.ts";

export interface BrokerEvents {
  readonly onDenied: (rule: DenialRule, subject: string) => void;
  /** A ceiling was passed: the run ends now. */
  readonly onExceeded: () => void;
}

const LINE_BYTES_MAX = 1 << 20;
const NOTHING: Spent = { tokens: 0, cost_units: 0 };
const METERS = [
  ["tokens", "tokens", "tokens_max"],
  ["cost", "cost_units", "cost_units_max"],
] as const;

interface Tally {
  calls: number;
  failed: number;
  tokens: number;
  cost_units: number;
  problem: string | undefined;
}

/** One call after the other, until the socket ends or a ceiling is passed. Never rejects. */
export class BrokerSession {
  readonly #broker: Broker;
  readonly #grant: BrokerGrant;
  readonly #events: BrokerEvents;
  readonly #spent = { ...NOTHING };
  readonly #tallies = new Map<string, Tally>();
  readonly #ending = new AbortController();
  #channel: Channel | undefined;
  #exceeded: "tokens" | "cost" | undefined;

  constructor(broker: Broker, grant: BrokerGrant, events: BrokerEvents) {
    this.#broker = broker;
    this.#grant = grant;
    this.#events = events;
  }

  get used(): Spent & { exceeded?: "tokens" | "cost"; tools?: Readonly<Record<string, ToolUse>> } {
    const tools = [...this.#tallies].map(([tool, { problem, ...counts }]): [string, ToolUse] => [
      tool,
      { ...counts, ...(problem === undefined ? {} : { problem }) },
    ]);
    return {
      ...this.#spent,
      ...(this.#exceeded === undefined ? {} : { exceeded: this.#exceeded }),
      ...(tools.length === 0 ? {} : { tools: Object.fromEntries(tools) }),
    };
  }

  async serve(channel: Channel): Promise<void> {
    this.#channel = channel;
    let parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of channel.incoming) {
      let rest = chunk;
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        const line = Buffer.concat([...parts, rest.subarray(0, end)]).toString("utf8");
        rest = rest.subarray(end + 1);
        parts = [];
        bytes = 0;
        const reply = await this.#answer(line);
        if (reply === undefined) return;
        await channel.write(`${reply}\n`);
      }
      parts.push(rest);
      bytes += rest.length;
      if (bytes > LINE_BYTES_MAX) return channel.close();
    }
  }

  /** The run is over: what is being asked for is called off, and nothing more is answered. Safe to call twice. */
  stop(): void {
    this.#ending.abort();
    this.#channel?.close();
  }

  /** JSON; undefined when a ceiling was passed, or the run is over. */
  async #answer(line: string): Promise<string | undefined> {
    if (this.#ending.signal.aborted) return undefined;
    const call = parsed(line);
    if (call === undefined)
      return errorText(null, { code: "invalid_call", message: "a call is one line: {id, tool, input}" });
    const { id, tool, input } = call;
    if (!this.#grant.tools.includes(tool)) {
      this.#events.onDenied("tool", tool);
      const message = `tool ${tool} is not granted`;
      return errorText(id, { code: "tool_not_granted", message, scope: `tool:${tool}` });
    }
    const tally = this.#tallyOf(tool);
    // Before anything is asked for: what it takes at least has to be left.
    const least = this.#leastOf(tool);
    if (least === undefined) return errorText(id, failure(tool));
    if (this.#wouldPass(tool, least)) return undefined;
    tally.calls++;
    const done = await this.#ask(tool, input);
    const { text, problem } = replyOf(id, tool, done);
    if (problem !== undefined) {
      tally.failed++;
      tally.problem = problem;
    }
    return this.#count(tool, tally, done) ? undefined : text;
  }

  #tallyOf(tool: string): Tally {
    const known = this.#tallies.get(tool);
    const tally = known ?? { calls: 0, failed: 0, tokens: 0, cost_units: 0, problem: undefined };
    this.#tallies.set(tool, tally);
    return tally;
  }

  async #ask(tool: string, input: unknown): Promise<Brokered> {
    const { tokens_max, cost_units_max } = this.#grant;
    const left = {
      tokens: tokens_max - this.#spent.tokens,
      cost_units: cost_units_max - this.#spent.cost_units,
    };
    const { signal } = this.#ending;
    try {
      const done: unknown = await this.#broker.call({ tool, input, grant: this.#grant, left, signal });
      // A broker of the host's own may answer nothing; what it took nobody knows then.
      return typeof done === "object" && done !== null ? (done as Brokered) : { error: failure(tool) };
    } catch {
      return { ...NOTHING, error: failure(tool) };
    }
  }

  /** Undefined where the broker fails to say. */
  #leastOf(tool: string): Spent | undefined {
    try {
      return this.#broker.atLeast?.(tool) ?? NOTHING;
    } catch {
      return undefined;
    }
  }

  #wouldPass(tool: string, least: Spent): boolean {
    const passed = METERS.filter(
      ([, unit, max]) => least[unit] > 0 && this.#spent[unit] + least[unit] > this.#grant[max],
    );
    for (const [rule, unit, max] of passed)
      this.#pass(
        rule,
        `${tool} takes ${least[unit]} at least, and ${this.#grant[max] - this.#spent[unit]} of ${this.#grant[max]} are left`,
      );
    return passed.length > 0;
  }

  /** @returns whether a ceiling was passed */
  #count(tool: string, tally: Tally, done: Brokered): boolean {
    let is_passed = false;
    for (const [rule, unit, max_name] of METERS) {
      const max = this.#grant[max_name];
      const amount = whole(done[unit]);
      const before = this.#spent[unit];
      // Nobody knows how many: all that was left, for the record.
      const counted = amount ?? Math.max(0, max - before);
      tally[unit] = Math.min(tally[unit] + counted, Number.MAX_SAFE_INTEGER);
      this.#spent[unit] = Math.min(before + counted, Number.MAX_SAFE_INTEGER);
      if (amount !== undefined && this.#spent[unit] <= max) continue;
      is_passed = true;
      const unknown = `${tool} did not say how many it took, which counts as all of ${max}`;
      this.#pass(rule, amount === undefined ? unknown : `${this.#spent[unit]} of ${max}`);
    }
    return is_passed;
  }

  #pass(rule: "tokens" | "cost", subject: string): void {
    // What was called off because the run is over ended nothing.
    if (this.#ending.signal.aborted) return;
    this.#exceeded ??= rule;
    this.#events.onDenied(rule, subject);
    this.#events.onExceeded();
  }
}

/** What cannot be read as a number is taken for the most: a meter that says nothing is no meter. */
const whole = (value: number | undefined): number | undefined =>
  value !== undefined && Number.isFinite(value) && value >= 0 ? Math.ceil(value) : undefined;

const failure = (tool: string) => ({ code: "tool_failed", message: `tool ${tool} failed` });

const errorText = (id: Id, error: object): string => JSON.stringify({ id, error });

/** What cannot be written as JSON is an answer of a host's own broker, and none. */
function replyOf(id: Id, tool: string, done: Brokered): { readonly text: string; readonly problem?: string } {
  try {
    if ("error" in done) return { text: errorText(id, done.error), problem: done.error.code };
    return { text: JSON.stringify({ id, result: done.result }) };
  } catch {
    return { text: errorText(id, failure(tool)), problem: "tool_failed" };
  }
}

/** Sent back as it came, so it is nothing that nests. */
type Id = string | number | boolean | null;

function parsed(line: string): { id: Id; tool: string; input: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return undefined;
    const { id = null, tool, input = null } = value as Record<string, unknown>;
    if (typeof id === "object" && id !== null) return undefined;
    return typeof tool === "string" && tool.length <= 128 ? { id: id as Id, tool, input } : undefined;
  } catch {
    return undefined;
  }
}
