/** Programs that live while we talk to them, and sockets between them and the world. */

/** Both directions of a connection. Writing to one that ended does nothing. */
export interface Channel {
  /** Resolves when the other side can take more; never throws. */
  write(bytes: Uint8Array | string): Promise<void>;
  /** No more will be written. */
  end(): void;
  /** What comes; ends where the other side does, however it does. Read once. */
  readonly incoming: AsyncIterable<Uint8Array>;
  /** Ends both directions at once. Safe to call twice. */
  close(): void;
}

export interface StartedProgram {
  readonly pid: number;
  readonly stdin: Pick<Channel, "write" | "end">;
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  /** Sockets that the program has at descriptors 3, 4 and so on. */
  readonly channels: readonly Channel[];
  /** When the program itself ended; programs of its own may still hold the streams. Never rejects. */
  readonly ended: Promise<{ readonly exit_code: number | null; readonly signal: string | null }>;
  /** SIGKILL for its process group and for every process named. Safe to call twice. */
  kill(others?: readonly number[]): void;
}

export interface Programs {
  /**
   * Starts argv (never a shell) in its own process group and session with exactly the environment given.
   * Throws Node's own error when the program could not be started (ENOENT, EACCES, E2BIG).
   */
  start(request: {
    readonly argv: readonly string[];
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    /** How many channels it gets beside the three streams. */
    readonly channels: number;
  }): Promise<StartedProgram>;
  /**
   * Puts a process into a control group, named by its absolute folder. The kernel takes milliseconds for it, during which
   * everything else goes on. Throws Node's own error (ENOENT, EACCES, ESRCH).
   */
  enterGroup(pid: number, folder: string): Promise<void>;
}

export interface Sockets {
  /**
   * Listens at a path that does not exist yet (EADDRINUSE), or at a free port of the loopback device; `serve` is called for
   * each connection. `port` is 0 for a path.
   */
  listen(
    at: { readonly path: string } | "loopback",
    serve: (connection: Channel) => void,
  ): Promise<{ readonly port: number; close(): void }>;
  /** Every address a name has, as text. Throws Node's own error (ENOTFOUND…). */
  addressesOf(name: string): Promise<readonly string[]>;
  /** TCP to an address, never to a name. Throws Node's own error (ECONNREFUSED, ETIMEDOUT…). */
  connect(to: {
    readonly address: string;
    readonly port: number;
    readonly timeout_ms: number;
  }): Promise<Channel>;
}
