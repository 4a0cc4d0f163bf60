import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createRawServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";

const { network } = nodeEffects();

/** A real server on loopback; @returns its URL */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const get = (url: string, more: { idle_timeout_ms?: number; signal?: AbortSignal } = {}) =>
  network.get({
    url,
    headers: { "x-asked": "yes" },
    idle_timeout_ms: 5000,
    signal: new AbortController().signal,
    ...more,
  });

async function read(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe("nodeNetwork", () => {
  test("sends the headers given and answers status, headers and bytes", async () => {
    const url = await serve((request, response) => {
      response.writeHead(404, { ETag: '"x"' }).end(String(request.headers["x-asked"]));
    });
    const reply = await get(url);
    expect([reply.status, reply.headers["etag"], await read(reply.body)]).toEqual([404, '"x"', "yes"]);
  });

  test("answers a redirect without following it", async () => {
    let asked = 0;
    const url = await serve((_, response) => {
      asked++;
      response.writeHead(302, { location: "/elsewhere" }).end();
    });
    const reply = await get(url);
    expect([reply.status, reply.headers["location"]]).toEqual([302, "/elsewhere"]);
    await read(reply.body);
    expect(asked).toBe(1);
  });

  test("silence ends in ETIMEDOUT, before the answer and in its middle", async () => {
    const mute = await serve(() => undefined);
    await expect(get(mute, { idle_timeout_ms: 100 })).rejects.toMatchObject({ code: "ETIMEDOUT" });
    const stuck = await serve((_, response) => void response.writeHead(200).write("x"));
    const { body } = await get(stuck, { idle_timeout_ms: 1000 });
    await expect(read(body)).rejects.toMatchObject({ code: "ETIMEDOUT" });
  });

  test("a head that trickles in is no answer", async () => {
    const server = createRawServer((socket) => {
      socket.on("error", () => undefined);
      socket.write("HTTP/1.1 200 OK\r\n");
      const drip = setInterval(() => socket.write("x: y\r\n"), 20);
      socket.on("close", () => clearInterval(drip));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await expect(get(url, { idle_timeout_ms: 200 })).rejects.toMatchObject({ code: "ETIMEDOUT" });
  });

  test("a connection cut in the middle ends in ECONNRESET, also when its length was never said", async () => {
    for (const headers of [{ "content-length": 10 }, {}]) {
      const url = await serve((_, response) => {
        response.writeHead(200, headers).write("x", () => setTimeout(() => response.destroy(), 20));
      });
      await expect(read((await get(url)).body)).rejects.toMatchObject({ code: "ECONNRESET" });
    }
    await expect(get("http://127.0.0.1:9/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("a signal ends the wait and the reading at once", async () => {
    const mute = await serve(() => undefined);
    await expect(get(mute, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ code: "ABORT_ERR" });
    const stuck = await serve((_, response) => void response.writeHead(200).write("x"));
    const { body } = await get(stuck, { signal: AbortSignal.timeout(100) });
    await expect(read(body)).rejects.toThrow("aborted");
  });

  test("a reply that is closed unread frees its connection", async () => {
    let gone: Promise<void> | undefined;
    const url = await serve((_, response) => {
      gone = new Promise((resolve) => response.on("close", resolve));
      response.writeHead(200).write("x");
    });
    const reply = await get(url);
    reply.close();
    reply.close();
    await gone;
  });
});
