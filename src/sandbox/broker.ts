/** Answers an agent over its one socket, and holds what it uses against its grant. */
import type { Channel } from "../effects/index.ts";
import type { Broker, DenialRule } from "./confined.ts";
import type { BrokerGrant } from "./profile.ts";

export interface BrokerEvents {
  readonly onDenied: (rule: DenialRule, subject: string) => void;
  /** A ceiling was passed: the run ends now. */
  readonly onExceeded: () => void;
}

const LINE_BYTES_MAX = 1 << 20;

interface Meter {
  tokens: number;
  cost_units: number;
}

/** One call after the other, until the socket ends or a ceiling is passed. Never rejects. */
export class BrokerSession {
  readonly used: Meter = { tokens: 0, cost_units: 0 };
  readonly #broker: Broker;
  readonly #grant: BrokerGrant;
  readonly #events: BrokerEvents;

  constructor(broker: Broker, grant: BrokerGrant, events: BrokerEvents) {
    this.#broker = broker;
    this.#grant = grant;
    this.#events = events;
  }

  async serve(channel: Channel): Promise<void> {
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
        await channel.write(`${JSON.stringify(reply)}\n`);
      }
      parts.push(rest);
      bytes += rest.length;
      if (bytes > LINE_BYTES_MAX) return channel.close();
    }
  }

  /** Undefined when a ceiling was passed. */
  async #answer(line: string): Promise<object | undefined> {
    const call = parsed(line);
    if (call === undefined)
      return { id: null, error: { code: "invalid_call", message: "a call is one line: {id, tool, input}" } };
    const { id, tool, input } = call;
    if (!this.#grant.tools.includes(tool)) {
      this.#events.onDenied("tool", tool);
      return {
        id,
        error: { code: "tool_not_granted", message: `tool ${tool} is not granted`, scope: `tool:${tool}` },
      };
    }
    try {
      const { result, tokens, cost_units } = await this.#broker.call({ tool, input, grant: this.#grant });
      this.used.tokens += whole(tokens);
      this.used.cost_units += whole(cost_units);
      return this.#isExceeded() ? undefined : { id, result };
    } catch {
      return { id, error: { code: "tool_failed", message: `tool ${tool} failed` } };
    }
  }

  #isExceeded(): boolean {
    const { tokens_max, cost_units_max } = this.#grant;
    const passed = [
      ["tokens", this.used.tokens, tokens_max],
      ["cost", this.used.cost_units, cost_units_max],
    ] as const;
    const over = passed.filter(([, used, max]) => used > max);
    for (const [rule, used, max] of over) this.#events.onDenied(rule, `${used} of ${max}`);
    if (over.length > 0) this.#events.onExceeded();
    return over.length > 0;
  }
}

/** What cannot be read as a number is taken for the most: a meter that says nothing is no meter. */
const whole = (value: number): number =>
  Number.isFinite(value) && value >= 0 ? value : Number.POSITIVE_INFINITY;

function parsed(line: string): { id: unknown; tool: string; input: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return undefined;
    const { id = null, tool, input = null } = value as Record<string, unknown>;
    return typeof tool === "string" && tool.length <= 128 ? { id, tool, input } : undefined;
  } catch {
    return undefined;
  }
}
