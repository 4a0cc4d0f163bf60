/** How every script of this folder gives up: a code, one sentence, one next step, exit 5 unless said otherwise. */
export class Stop extends Error {
  constructor(code, message, next_step, exit_code = 5) {
    super(message);
    this.code = code;
    this.next_step = next_step;
    this.exit_code = exit_code;
  }
}

/** Runs a task and turns a Stop into two lines on stderr. Any other error is ours and keeps its stack. */
export async function orStop(task) {
  try {
    await task();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    process.stderr.write(`${error.code}: ${error.message}\nnext: ${error.next_step}\n`);
    process.exitCode = error.exit_code;
  }
}
