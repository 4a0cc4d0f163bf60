/** Workflow commands of GitHub Actions: `::error file=…,line=…,title=…::message`, one a line. */
import type { Finding } from "../contracts/index.ts";
import { type FindingsDocument, standing, waivedBy } from "./document.ts";
import { printable } from "./printable.ts";

const COMMAND = { error: "error", note: "warning", info: "notice", waived: "notice" } as const;

export function renderGithub({ title, passed, findings, error }: FindingsDocument): string {
  const lines = findings.map(annotation);
  if (error !== undefined)
    lines.push(`::error title=${property(error.code)}::${data(`${error.message}\n${error.next_step}`)}`);
  // The last line is no command: a run without annotations still says what it was.
  return `${[...lines, `${passed ? "passed" : "failed"}: ${printable(title)}`].join("\n")}\n`;
}

function annotation(finding: Finding): string {
  const { path, line, column, code, message, next_step, waived } = finding;
  const places = Object.entries({ file: path, line, col: column }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${property(String(value))}`],
  );
  const says = waived === undefined ? next_step : waivedBy(waived);
  return `::${COMMAND[standing(finding)]} ${[...places, `title=${property(code)}`].join(",")}::${data(`${message}\n${says}`)}`;
}

/** As the runner's own toolkit escapes: `%` first, since it is the escape itself. */
const data = (text: string): string =>
  text
    .split("\n")
    .map((line) => printable(line).replaceAll("%", "%25"))
    .join("%0A");
const property = (text: string): string =>
  printable(text).replaceAll("%", "%25").replaceAll(":", "%3A").replaceAll(",", "%2C");
