/**
 * The only way out of a sandbox: a proxy on our side of the wall, on a socket that is shown inside. Each request is judged by
 * its name, resolved here, and connected to the very address that was judged, so that a name cannot change its meaning between.
 */
import type { Channel, Effects } from "../../effects/index.ts";
import { isAddress } from "./address.ts";
import { type ProxyRequest, parseHead } from "./request-head.ts";
import { addressFor, isGranted, type Target } from "./rules.ts";

export interface ProxyOptions {
  /** Path of the socket; must not exist. */
  readonly path: string;
  readonly domains: readonly string[];
  /** Told of each refusal: `name:port`. */
  readonly onDenied: (subject: string) => void;
}

const HEAD_BYTES_MAX = 16 << 10;
const CONNECT_TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 64;

export async function serveProxy(
  { sockets }: Pick<Effects, "sockets">,
  options: ProxyOptions,
): Promise<{ close(): void }> {
  const open = new Set<Channel>();
  const server = await sockets.listen({ path: options.path }, (client) => {
    if (open.size >= CONNECTIONS_MAX) return client.close();
    open.add(client);
    void new Exchange(sockets, options, client).run().finally(() => {
      client.close();
      open.delete(client);
    });
  });
  return {
    close: () => {
      server.close();
      for (const client of open) client.close();
    },
  };
}

class Exchange {
  readonly #sockets: Effects["sockets"];
  readonly #options: ProxyOptions;
  readonly #client: Channel;

  constructor(sockets: Effects["sockets"], options: ProxyOptions, client: Channel) {
    this.#sockets = sockets;
    this.#options = options;
    this.#client = client;
  }

  /** Never rejects: what goes wrong is told to the program as a status of HTTP. */
  async run(): Promise<void> {
    const incoming = this.#client.incoming[Symbol.asyncIterator]();
    const { head, rest } = await readHead(incoming);
    const request = head === undefined ? 431 : parseHead(head);
    if (typeof request === "number") return this.#answer(request, "");
    const address = await this.#judge(request.target);
    if (address === undefined) return;
    let server: Channel;
    try {
      server = await this.#sockets.connect({
        address,
        port: request.target.port,
        timeout_ms: CONNECT_TIMEOUT_MS,
      });
    } catch {
      return this.#answer(502, `${request.target.host} does not answer`);
    }
    await this.#exchange(request, server, rest, incoming);
  }

  async #judge(target: Target): Promise<string | undefined> {
    const { domains } = this.#options;
    if (!isGranted(target, domains)) return this.#deny(target, "is not granted");
    let addresses: readonly string[];
    try {
      addresses = isAddress(target.host) ? [target.host] : await this.#sockets.addressesOf(target.host);
    } catch {
      await this.#answer(502, `${target.host} has no address`);
      return undefined;
    }
    const address = addressFor(target, addresses, domains);
    return address ?? this.#deny(target, "leads to an address that is not public and not granted");
  }

  async #deny(target: Target, why: string): Promise<undefined> {
    const subject = `${target.host}:${target.port}`;
    this.#options.onDenied(subject);
    await this.#answer(403, `${subject} ${why}`);
  }

  async #answer(status: number, text: string): Promise<void> {
    const body = `${text}\n`;
    const head = [
      `HTTP/1.1 ${status} ${status === 403 ? "Forbidden" : "Refused"}`,
      "Connection: close",
      "Content-Type: text/plain; charset=utf-8",
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    await this.#client.write(`${head.join("\r\n")}\r\n\r\n${body}`);
    this.#client.end();
  }

  async #exchange(
    { forward, body_bytes }: ProxyRequest,
    server: Channel,
    rest: Uint8Array,
    incoming: AsyncIterator<Uint8Array>,
  ): Promise<void> {
    if (body_bytes === undefined) await this.#client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    else await server.write(forward);
    const back = copy(server.incoming, this.#client);
    const forth = send(rest, incoming, server, body_bytes ?? Number.POSITIVE_INFINITY);
    await back;
    server.close();
    this.#client.close();
    await forth;
  }
}

async function copy(from: AsyncIterable<Uint8Array>, to: Channel): Promise<void> {
  for await (const bytes of from) await to.write(bytes);
  to.end();
}

/** Of a request no more than it said it would send: what comes after it was not judged. */
async function send(
  rest: Uint8Array,
  incoming: AsyncIterator<Uint8Array>,
  to: Channel,
  bytes_max: number,
): Promise<void> {
  let left = bytes_max;
  let chunk: Uint8Array | undefined = rest;
  while (chunk !== undefined) {
    const part = chunk.subarray(0, Math.min(left, chunk.length));
    left -= part.length;
    if (part.length > 0) await to.write(part);
    if (left <= 0) return;
    const next = await incoming.next();
    chunk = next.done === true ? undefined : next.value;
  }
  to.end();
}

async function readHead(
  incoming: AsyncIterator<Uint8Array>,
): Promise<{ head: string | undefined; rest: Uint8Array }> {
  let all = Buffer.alloc(0);
  while (all.length <= HEAD_BYTES_MAX) {
    const end = all.indexOf("\r\n\r\n");
    if (end >= 0) return { head: all.toString("latin1", 0, end), rest: all.subarray(end + 4) };
    const next = await incoming.next();
    if (next.done === true) break;
    all = Buffer.concat([all, next.value]);
  }
  return { head: undefined, rest: all };
}
