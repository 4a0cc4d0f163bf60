import type { IncomingMessage } from "node:http";
import type { Network } from "../ports.ts";

/** No proxy, no cookie, no redirect followed: what is asked for is what is sent. */
export const nodeNetwork: Network = {
  async get({ url, headers, idle_timeout_ms, signal }) {
    // Loaded with the first download: most commands make none.
    const { get } = url.startsWith("https:") ? await import("node:https") : await import("node:http");
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = get(url, { headers, signal, timeout: idle_timeout_ms, agent: false });
      const silence = (): Error =>
        Object.assign(new Error(`nothing came for ${idle_timeout_ms} ms`), { code: "ETIMEDOUT" });
      // The whole head in one go: a server that sends it byte by byte is never silent.
      const head_limit = setTimeout(() => request.destroy(silence()), idle_timeout_ms);
      request.on("response", (answer) => {
        clearTimeout(head_limit);
        // A request destroyed in the middle of its answer would tell the reader of a reset instead.
        request.on("timeout", () => answer.destroy(silence()));
        resolve(answer);
      });
      request.on("error", (error) => {
        clearTimeout(head_limit);
        reject(error);
      });
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
      close: () => {
        reply.destroy();
      },
    };
  },
};
