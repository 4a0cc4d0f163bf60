/** The page of a run and of a matrix: no script at all. */
import type { GoldenProblem } from "../../contracts/index.ts";
import { htmlDocument, htmlText } from "../../reports/index.ts";
import type { Fact } from "./facts.ts";

const STYLE = `
:root { color-scheme: light dark; --good: light-dark(#1a7f37, #56d364); --bad: light-dark(#b42318, #ff7b72);
  --line: light-dark(#d0d7de, #3d444d); --soft: light-dark(#57606a, #9198a1); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1.5rem; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .25rem; }
p { margin: 0 0 1rem; color: var(--soft); }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; padding: .5rem .75rem; }
summary { cursor: pointer; }
table { border-collapse: collapse; margin: .5rem 0; width: 100%; }
th, td { border-top: 1px solid var(--line); padding: .25rem .5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
td.number { text-align: right; white-space: nowrap; }
.pass, .refused-as-declared, .waived { color: var(--good); }
.fail, .infra-failure, .not-run { color: var(--bad); font-weight: 600; }
code { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
`;

export interface GoldenPage {
  /** `Golden run`. */
  readonly name: string;
  readonly passed: boolean;
  /** Text. */
  readonly headline: string;
  /** Lines of markup. */
  readonly main: readonly string[];
  readonly facts: readonly Fact[];
}

export const goldenPage = ({ name, passed, headline, main, facts }: GoldenPage): string =>
  htmlDocument({
    title: name,
    style: STYLE,
    body: [
      `<h1 class="${passed ? "pass" : "fail"}">${htmlText(name)}: ${passed ? "passed" : "failed"}</h1>`,
      `<p>${htmlText(headline)}</p>`,
      "<main>",
      ...main,
      "</main>",
      "<dl>",
      ...facts.map(([label, text]) => `<dt>${htmlText(label)}</dt><dd>${htmlText(text)}</dd>`),
      "</dl>",
    ],
  });

/** What is wrong, what was expected, and what to do: the inside of a table cell. */
export function problemMarkup({ code, message, expected, actual, next_step }: GoldenProblem): string {
  const difference =
    expected === undefined
      ? ""
      : `<br>expected <code>${htmlText(expected)}</code>, got <code>${htmlText(actual ?? "nothing")}</code>`;
  return `${htmlText(message)} <code>${htmlText(code)}</code>${difference}<br>${htmlText(next_step)}`;
}
