/** A model on this machine, over real HTTP: answers what a test tells it to, and remembers what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads whatever it expects
  readonly body: any;
}

export interface ModelServer {
  readonly url: string;
  readonly asked: Asked[];
  /** From the next call on. */
  answer: (asked: Asked, reply: ServerResponse) => void;
  close(): Promise<void>;
}

/** Ten tokens for each call, and the number of the call as its text. */
export async function modelServer(): Promise<ModelServer> {
  const asked: Asked[] = [];
  const server = createServer((request, reply) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const one = {
        url: request.url ?? "",
        headers: request.headers,
        body: JSON.parse(Buffer.concat(chunks).toString("utf8")),
      };
      asked.push(one);
      made.answer(one, reply);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const made: ModelServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/complete`,
    asked,
    answer: (_, reply) => says(reply, { text: `s${asked.length}`, usage: { total_tokens: 10 } }),
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
  return made;
}

export function says(reply: ServerResponse, body: unknown, status = 200): void {
  reply.writeHead(status, { "content-type": "application/json" });
  reply.end(typeof body === "string" ? body : JSON.stringify(body));
}
