/** A run as one page: each scenario can be opened, and those that failed are. */
import type { GoldenReport, GoldenScenario, GoldenStep } from "../../contracts/index.ts";
import { htmlText } from "../../reports/index.ts";
import { countsText, factsOf, headline, isGood, passedWhole, seconds } from "./facts.ts";
import { goldenPage, problemMarkup } from "./page.ts";

export const goldenHtml = (report: GoldenReport): string =>
  goldenPage({
    name: "Golden run",
    passed: passedWhole(report),
    headline: headline(report),
    main: report.scenarios.flatMap(scenarioPart),
    facts: factsOf(report),
  });

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
    ...problems.map((one) => `<tr><td></td><td colspan="3">${problemMarkup(one)}</td></tr>`),
  ];
}
