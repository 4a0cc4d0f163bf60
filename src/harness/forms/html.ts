/** One self-contained page: no script, no file beside it, and a policy that forbids it every request. Light and dark. */
import { createHash } from "node:crypto";
import type { GoldenReport, GoldenScenario, GoldenStep } from "../../contracts/index.ts";
import { htmlText } from "../../reports/index.ts";
import { countsText, factsOf, headline, isGood, passedWhole } from "./facts.ts";

const STYLE = `
:root { color-scheme: light dark; --good: light-dark(#1a7f37, #56d364); --bad: light-dark(#b42318, #ff7b72);
  --line: light-dark(#d0d7de, #3d444d); --soft: light-dark(#57606a, #9198a1); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1.5rem; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; }
p { margin: 0 0 1rem; color: var(--soft); }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; padding: .5rem .75rem; }
summary { cursor: pointer; }
table { border-collapse: collapse; margin: .5rem 0; width: 100%; }
th, td { border-top: 1px solid var(--line); padding: .25rem .5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
td.number { text-align: right; white-space: nowrap; }
.pass, .refused-as-declared { color: var(--good); }
.fail, .infra-failure, .not-run { color: var(--bad); font-weight: 600; }
code { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
`;

export function goldenHtml(report: GoldenReport): string {
  const style = createHash("sha256").update(STYLE, "utf8").digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${style}'; img-src data:; base-uri 'none'; form-action 'none'`;
  const verdict = passedWhole(report) ? "pass" : "fail";
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    '<meta name="color-scheme" content="light dark">',
    "<title>Golden run</title>",
    '<link rel="icon" href="data:,">',
    `<style>${STYLE}</style>`,
    "</head>",
    "<body>",
    `<h1 class="${verdict}">Golden run: ${verdict === "pass" ? "passed" : "failed"}</h1>`,
    `<p>${htmlText(headline(report))}</p>`,
    "<main>",
    ...report.scenarios.flatMap(scenarioPart),
    "</main>",
    "<dl>",
    ...factsOf(report).map(([label, text]) => `<dt>${htmlText(label)}</dt><dd>${htmlText(text)}</dd>`),
    "</dl>",
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

function scenarioPart(scenario: GoldenScenario): string[] {
  const { name, title, verdict, duration_ms, packages, steps, scenario_digest } = scenario;
  const lines = packages.map(
    ({ package_id, version, digest }) =>
      `<dt>${htmlText(package_id)} ${htmlText(version)}</dt><dd><code>sha256 ${htmlText(digest)}</code></dd>`,
  );
  return [
    `<details${isGood(verdict) ? "" : " open"}>`,
    `<summary><span class="${verdict}">${verdict}</span> <strong>${htmlText(name)}</strong> ${htmlText(title)}, ${seconds(duration_ms)}</summary>`,
    `<dl>${lines.join("")}<dt>scenario</dt><dd><code>sha256 ${htmlText(scenario_digest)}</code></dd></dl>`,
    "<table><thead><tr><th>step</th><th>verdict</th><th>took</th><th>looked at</th></tr></thead><tbody>",
    ...steps.flatMap(stepRows),
    "</tbody></table>",
    "</details>",
  ];
}

function stepRows({ id, verdict, duration_ms, counts, problems, injected }: GoldenStep): string[] {
  const looked_at = [countsText(counts), ...(injected === null ? [] : [`injected ${injected}`])].join(", ");
  return [
    `<tr><td>${htmlText(id)}</td><td class="${verdict}">${verdict}</td><td class="number">${seconds(duration_ms)}</td><td>${htmlText(looked_at)}</td></tr>`,
    ...problems.map(({ code, message, expected, actual, next_step }) => {
      const difference =
        expected === undefined
          ? ""
          : `<br>expected <code>${htmlText(expected)}</code>, got <code>${htmlText(actual ?? "nothing")}</code>`;
      return `<tr><td></td><td colspan="3">${htmlText(message)} <code>${htmlText(code)}</code>${difference}<br>${htmlText(next_step)}</td></tr>`;
    }),
  ];
}

const seconds = (duration_ms: number): string => `${(duration_ms / 1000).toFixed(1)} s`;
