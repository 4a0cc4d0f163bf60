import type { Socket } from "node:net";
import type { Sockets } from "../program-ports.ts";
import { channelOf } from "./channel.ts";

export const nodeSockets: Sockets = {
  async listen(at, serve) {
    const { createServer } = await import("node:net");
    const open = new Set<Socket>();
    const server = createServer((socket) => {
      open.add(socket);
      socket.once("close", () => open.delete(socket));
      serve(channelOf(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      const loopback = { host: "127.0.0.1", port: 0 };
      server.listen(
        at === "loopback" ? loopback : { path: at.path, readableAll: true, writableAll: true },
        resolve,
      );
    });
    const bound = server.address();
    return {
      port: typeof bound === "object" && bound !== null ? bound.port : 0,
      close: () => {
        server.close();
        for (const socket of open) socket.destroy();
      },
    };
  },
  async addressesOf(name) {
    const { lookup } = await import("node:dns/promises");
    const found = await lookup(name, { all: true, verbatim: true });
    return found.map(({ address }) => address);
  },
  async connect({ address, port, timeout_ms }) {
    const { connect, isIP } = await import("node:net");
    if (isIP(address) === 0) throw Object.assign(new Error(`${address} is no address`), { code: "EINVAL" });
    const socket = connect({ host: address, port });
    return new Promise((resolve, reject) => {
      const silence = setTimeout(() => {
        socket.destroy(Object.assign(new Error(`connect ETIMEDOUT ${address}`), { code: "ETIMEDOUT" }));
      }, timeout_ms);
      socket.once("connect", () => {
        clearTimeout(silence);
        resolve(channelOf(socket));
      });
      socket.once("error", (error) => {
        clearTimeout(silence);
        reject(error);
      });
    });
  },
};
