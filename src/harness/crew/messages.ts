/** What a worker tells the run that started it, one JSON object a line. */
export type Message =
  | { readonly began: number }
  /** What it is at, for the progress line. */
  | { readonly at: number; readonly doing: string }
  /** Of a recording, as text for people. */
  | { readonly at: number; readonly difference: string }
  | { readonly done: number; readonly result: unknown }
  /** The harness failed at it: nothing is known of what it was to test. */
  | { readonly broken: number; readonly because: string }
  /** Nothing more comes: nothing is left to take, or the worker itself failed. */
  | { readonly finished: true; readonly because?: string };

export const lineOf = (message: Message): string => `${JSON.stringify(message)}\n`;

/** Undefined for what no worker of ours wrote. */
export function messageOf(line: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Message) : undefined;
  } catch {
    return undefined;
  }
}
