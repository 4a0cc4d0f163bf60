/** From what a checked program did to a verdict. */
import type { HealthCheck } from "../../contracts/index.ts";
import type { RunResult } from "../../effects/index.ts";
import { lastWords } from "../../sandbox/index.ts";
import type { Judged } from "./report.ts";

export type CodeCheck = Exclude<HealthCheck, { kind: "file" }>;

/** `mark`: the random word of this run, which only a program that really ran can give back. */
export function judgeRun(check: CodeCheck, result: RunResult, mark: string): Judged {
  const { exit_code, stdout, stderr } = result;
  const said = lastWords(stderr);
  const because = (reason: string): string => (said === "" ? reason : `${reason}: ${said}`);
  if (result.timed_out) return { verdict: "unknown", reason: because("did not end within its time limit") };
  const unhealthy = (reason: string): Judged => ({ verdict: "unhealthy", reason: because(reason) });
  const wanted = (check.kind === "command" ? check.exit_code : undefined) ?? 0;
  if (exit_code !== wanted) {
    const also = wanted === 0 ? "" : ` instead of ${wanted}`;
    return unhealthy(`${ending(result)}${also}`);
  }
  if (check.kind === "command") return { verdict: "healthy", reason: `exited with ${exit_code}` };
  if (check.kind === "import") {
    const line = stdout.toString("utf8").trimEnd().split("\n").at(-1) ?? "";
    if (!line.startsWith(`${mark} `)) return unhealthy(`${check.module} ended the interpreter`);
    return { verdict: "healthy", reason: `imported from ${lastWords(line.slice(mark.length))}` };
  }
  const problem = problemOfReply(stdout, mark);
  return problem === undefined
    ? { verdict: "healthy", reason: "answered with the nonce" }
    : unhealthy(problem);
}

/** A jail reports a signal as a shell does, so both forms are read. */
function ending({ exit_code, signal }: RunResult): string {
  if (signal !== null) return `was ended by ${signal}`;
  if (exit_code !== null && exit_code > 128 && exit_code <= 192)
    return `was ended by signal ${exit_code - 128}`;
  return `exited with ${exit_code}`;
}

/** One JSON object, status `ok`, the nonce in `result`; undefined when all holds. */
function problemOfReply(stdout: Buffer, nonce: string): string | undefined {
  let reply: unknown;
  try {
    reply = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(stdout));
  } catch {
    return "did not answer with one JSON object";
  }
  if (!isRecord(reply)) return "did not answer with one JSON object";
  const status = own(reply, "status");
  if (status !== "ok")
    return `answered with status ${lastWords(JSON.stringify(status) ?? "none", 40)} instead of "ok"`;
  const result = own(reply, "result");
  if (!isRecord(result) || own(result, "nonce") !== nonce)
    return "did not give the nonce back in result.nonce";
  return undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const own = (record: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(record, key) ? record[key] : undefined;
