import type { ClientRequest, IncomingMessage } from "node:http";
import type { Network, NetworkReply } from "../ports.ts";

/** No proxy, no cookie, no redirect followed: what is asked for is what is sent. */
export const nodeNetwork: Network = {
  async get({ url, headers, idle_timeout_ms, signal }) {
    const { get } = await clientFor(url);
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = get(url, { headers, signal, timeout: idle_timeout_ms, agent: false });
      // The whole head in one go: a server that sends it byte by byte is never silent.
      const head_limit = setTimeout(() => request.destroy(silence(idle_timeout_ms)), idle_timeout_ms);
      request.on("response", (answer) => {
        clearTimeout(head_limit);
        // A request destroyed in the middle of its answer would tell the reader of a reset instead.
        request.on("timeout", () => answer.destroy(silence(idle_timeout_ms)));
        resolve(answer);
      });
      request.on("error", (error) => {
        clearTimeout(head_limit);
        reject(error);
      });
    });
    return replyOf(reply);
  },

  async post({ url, headers, body, timeout_ms, signal }) {
    const { request: begin } = await clientFor(url);
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = begin(url, { method: "POST", headers, signal, agent: false });
      const limited: { answer?: IncomingMessage } = {};
      const limit = setTimeout(() => {
        const why = silence(timeout_ms);
        if (limited.answer === undefined) request.destroy(why);
        else limited.answer.destroy(why);
      }, timeout_ms);
      request.on("response", (answer) => {
        limited.answer = answer;
        resolve(answer);
      });
      request.on("error", reject);
      request.on("close", () => clearTimeout(limit));
      sendAll(request, body);
    });
    return replyOf(reply);
  },
};

/** Loaded with the first request: most commands make none. */
async function clientFor(url: string) {
  return url.startsWith("https:") ? import("node:https") : import("node:http");
}

function sendAll(request: ClientRequest, body: Uint8Array): void {
  request.setHeader("content-length", body.length);
  request.end(body);
}

const silence = (limit_ms: number): Error =>
  Object.assign(new Error(`nothing came for ${limit_ms} ms`), { code: "ETIMEDOUT" });

const replyOf = (reply: IncomingMessage): NetworkReply => ({
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
});
