/** What the network did to a download, told apart from what the disk did: only the first is DOWNLOAD_FAILED. */

const MAY_PASS = new Set(["ECONNRESET", "ETIMEDOUT", "EPIPE", "ECONNREFUSED", "EAI_AGAIN"]);

export class NetworkTrouble extends Error {
  override readonly name = "NetworkTrouble";
  /** Another try may go better. */
  readonly may_pass: boolean;

  constructor(problem: string, may_pass: boolean, cause?: unknown) {
    super(problem, { cause });
    this.may_pass = may_pass;
  }
}

/** Errors of the network port as trouble; what carries no code is no matter of the network. */
export function troubleOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as { code?: unknown };
  if (typeof code !== "string") return error;
  // A host with several addresses that all refuse gives an error without words.
  return new NetworkTrouble(error.message === "" ? code : error.message, MAY_PASS.has(code), error);
}

export async function* chunksOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw troubleOf(error);
  }
}
