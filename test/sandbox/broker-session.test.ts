/** What an agent writes on its socket, and a broker that misbehaves: neither ends the process that answers. */
import { describe, expect, test } from "vitest";
import { BrokerSession } from "../../src/sandbox/broker.ts";
import type { Broker, Brokered } from "../../src/sandbox/index.ts";

const GRANT = { tools: ["ask"], tokens_max: 100, cost_units_max: 0 };

/** Answers to the lines, in order. */
async function answers(lines: readonly string[], broker: Broker): Promise<unknown[]> {
  const written: unknown[] = [];
  const session = new BrokerSession(broker, GRANT, {
    onDenied: () => undefined,
    onExceeded: () => session.stop(),
  });
  await session.serve({
    write: async (text) => {
      written.push(JSON.parse(String(text)));
    },
    end: () => undefined,
    close: () => undefined,
    incoming: (async function* () {
      yield Buffer.from(lines.map((line) => `${line}\n`).join(""));
    })(),
  });
  return written;
}

const says = (answer: () => unknown): Broker => ({
  call: async () => answer() as Brokered,
});
const good = says(() => ({ tokens: 1, cost_units: 0, result: "yes" }));
const ASKED = JSON.stringify({ id: 7, tool: "ask" });

describe("a socket of an agent", () => {
  test("an id that nests as deep as a line is long is no call, and the next one is answered", async () => {
    const deep = `${"[".repeat(400_000)}${"]".repeat(400_000)}`;
    const nested = `{"id":${deep},"tool":"ask","input":1}`;
    expect(await answers([nested, ASKED], good)).toEqual([
      { id: null, error: { code: "invalid_call", message: expect.any(String) as string } },
      { id: 7, result: "yes" },
    ]);
  });

  test.each([
    ["an answer that is no JSON", () => ({ tokens: 1, cost_units: 0, result: 1n })],
    [
      "an answer that cannot be read",
      () => ({
        tokens: 1,
        cost_units: 0,
        get result() {
          throw new Error("no");
        },
      }),
    ],
  ])("%s is a call that failed", async (_, answer) => {
    const failed = { id: 7, error: { code: "tool_failed", message: "tool ask failed" } };
    expect(await answers([ASKED, ASKED], says(answer))).toEqual([failed, failed]);
  });

  test("no answer at all took nobody knows what, so the run ends", async () => {
    expect(
      await answers(
        [ASKED, ASKED],
        says(() => undefined),
      ),
    ).toEqual([]);
  });

  test("a broker that cannot say what a call takes at least makes none", async () => {
    let calls = 0;
    const broker: Broker = {
      atLeast: () => {
        throw new Error("no");
      },
      call: async () => {
        calls++;
        return { tokens: 0, cost_units: 0, result: 1 };
      },
    };
    expect(await answers([ASKED], broker)).toEqual([
      { id: 7, error: { code: "tool_failed", message: "tool ask failed" } },
    ]);
    expect(calls).toBe(0);
  });
});
