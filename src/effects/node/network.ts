import type { IncomingMessage } from "node:http";
import type { Network } from "../ports.ts";

/** No proxy, no cookie, no redirect followed: what is asked for is what is sent. */
export const nodeNetwork: Network = {
  async get({ url, headers, idle_timeout_ms, signal }) {
    // Loaded with the first download: most commands make none.
    const { get } = url.startsWith("https:") ? await import("node:https") : await import("node:http");
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = get(url, { headers, signal, timeout: idle_timeout_ms, agent: false }, resolve);
      request.on("error", reject);
      request.on("timeout", () =>
        request.destroy(Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" })),
      );
    });
    return {
      status: reply.statusCode ?? 0,
      headers: Object.fromEntries(
        Object.entries(reply.headers).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.join(", ") : value,
        ]),
      ),
      body: reply as AsyncIterable<Uint8Array>,
    };
  },
};
