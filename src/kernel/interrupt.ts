/** Cooperative stops: file work is synchronous, so long loops let pending signals in at marked points. */

/** Lets queued events (a signal, a timer) run before the next piece of synchronous work. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
