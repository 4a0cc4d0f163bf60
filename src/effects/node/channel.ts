import type { Duplex, Readable, Writable } from "node:stream";
import type { Channel } from "../program-ports.ts";

export function channelOf(stream: Duplex): Channel {
  return {
    ...writing(stream),
    incoming: reading(stream),
    close: () => {
      stream.destroy();
    },
  };
}

/** Errors are the end: whoever asks why sees how the program ended. */
export async function* reading(stream: Readable): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch {
    // Reset by the other side, or destroyed by us.
  }
}

export function writing(stream: Writable): Pick<Channel, "write" | "end"> {
  // Without a listener a broken pipe would end this process.
  stream.on("error", () => undefined);
  return {
    write: (bytes) =>
      new Promise((resolve) => {
        if (stream.destroyed || stream.writableEnded) resolve();
        else {
          const settle = (): void => {
            stream.off("close", settle);
            resolve();
          };
          // A write that waits for a reader is answered by the end of the stream too.
          stream.once("close", settle);
          stream.write(bytes, settle);
        }
      }),
    end: () => {
      if (!stream.destroyed) stream.end();
    },
  };
}
