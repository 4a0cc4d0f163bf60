import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { explain, inventory, mermaidOf, planeChart, planePage, renderTrace } from "../../src/trace/index.ts";
import { REPOSITORY } from "../support/cli.ts";
import { aChain, entry, removePlanes, TestPlane } from "./planes.ts";
import { asked, BASE, MID, removePasts, TOP, thePast } from "./scenes.ts";

afterAll(removePlanes);
removePasts();

const HOSTILE = `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'\`]]>--{{7*7}}\u2028"`;

/** Names that want to be markup, in every place a registry, receipt or ledger lets them stand. */
async function hostilePlane(): Promise<TestPlane> {
  const on = new TestPlane();
  on.own(on.install({ id: BASE, files: { 'modules/base/"]--> n9[x.py': "", "modules/base/end": "" } }));
  on.register("PKG-T1-EVIL-001", { name: HOSTILE, category: HOSTILE, deps: `${BASE}@^1.0.0` });
  on.rows("specs_registry", {
    spec_id: "SPEC-EVIL-001",
    title: HOSTILE,
    framework_id: HOSTILE,
    status: HOSTILE,
  });
  await on.append("ledger/packages.jsonl", {
    ...entry("INSTALLED", BASE, { user: HOSTILE }),
    reason: HOSTILE,
  });
  return on;
}

describe("text", () => {
  test("no line of any answer is longer than 80 columns unless one word is", async () => {
    const on = await thePast();
    const reports = [
      await asked(on, { ask: "why", from: MID, to: BASE }, { prove: true }),
      await asked(on, { ask: "who", path: "modules/base/core.py" }, { prove: true }),
      await asked(on, { ask: "impact", subject: BASE }),
      await asked(on, { ask: "diff", package_id: BASE, from: "1.0.0", to: "1.1.0", text: false }),
      await asked(on, { ask: "plane_at" }, { at: "2999-01-01" }),
      await explain(on.effects, on.plane, BASE, { at: "2999-01-01" }),
      ...(await Promise.all(
        [BASE, `${BASE}@1.0.0`, "REGISTRY_MISSING", "modules/base/core.py", TOP].map((subject) =>
          explain(on.effects, on.plane, subject),
        ),
      )),
    ];
    const texts = reports.map((report) => renderTrace(report, { evidence: true }));
    const long = texts
      .flatMap((text) => text.split("\n"))
      .filter(
        (line) =>
          line.length > 80 &&
          line
            .trim()
            .split(" ")
            .some((word) => word.length < 20),
      );
    expect(long).toEqual([]);
    expect(texts.join("").length).toBeGreaterThan(5_000);
    expect(texts.join("")).not.toMatch(/PKG-T0-BASE[^ ]*…/);
  });

  test("paths and ids are whole however long they are", async () => {
    const on = new TestPlane();
    const path = `modules/base/${"deep/".repeat(20)}x.py`;
    on.install({ id: BASE, files: { [path]: "" }, spec_id: "SPEC-A-VERY-LONG-NAME-OF-A-SPEC-INDEED-001" });
    const text = renderTrace(await explain(on.effects, on.plane, BASE));
    expect(text).toContain(`\n${path}\n`);
    expect(text).toContain("SPEC-A-VERY-LONG-NAME-OF-A-SPEC-INDEED-001");
  });
});

describe("--json", () => {
  test("every answer has the published shape", async () => {
    const schema = JSON.parse(readFileSync(`${REPOSITORY}docs/reference/schema/trace.schema.json`, "utf8"));
    const published = z.fromJSONSchema(schema);
    const on = await thePast();
    const chain = await aChain();
    const answers = [
      ...(await Promise.all(
        [BASE, `${BASE}@1.0.0`, "modules", "modules/base/core.py", "REGISTRY_MISSING", "nothing"].map(
          (subject) => explain(on.effects, on.plane, subject, { prove: true }),
        ),
      )),
      ...(await Promise.all(
        ["FMWK-100", "SPEC-MID-001", "LIB-CORE"].map((subject) =>
          explain(chain.effects, chain.plane, subject),
        ),
      )),
      await asked(on, { ask: "why", from: MID, to: BASE }),
      await asked(on, { ask: "who", path: "modules/base/core.py" }),
      await asked(on, { ask: "impact", subject: BASE }),
      await asked(on, { ask: "diff", package_id: BASE, from: "1.0.0", to: "1.1.0", text: true }),
      await asked(on, { ask: "plane_at" }, { at: "2999-01-01" }),
      await inventory(on.effects, on.plane),
    ];
    for (const answer of answers)
      expect(published.safeParse(JSON.parse(JSON.stringify(answer))).error?.issues ?? []).toEqual([]);
    expect(published.safeParse({ ...answers[0], surprise: 1 }).success).toBe(false);
    expect(published.safeParse({ ...answers[0], found: "yes" }).success).toBe(false);
  });
});

describe("--mermaid", () => {
  /** The only forms a line may have. */
  const LINE =
    /^(flowchart LR| {2}n\d+\["[\p{L}\p{N} ._/@:,+\-#;]*"\]| {2}n\d+ (-->|-\.->)(\|"[\p{L}\p{N} ._/@:,+\-#;]*"\|)? n\d+| {2}%% \d+ more edges are left out| {2}classDef subject stroke-width:3px| {2}class n0 subject|)$/u;

  test("dependencies and ownership as a chart whose lines all have a known form", async () => {
    const on = await thePast();
    const charts = [
      mermaidOf(await asked(on, { ask: "why", from: MID, to: BASE })),
      mermaidOf(await asked(on, { ask: "who", path: "modules/base/core.py" })),
      mermaidOf(await asked(on, { ask: "impact", subject: BASE })),
      mermaidOf(await explain(on.effects, on.plane, BASE)),
      mermaidOf(await explain(on.effects, on.plane, "modules/base/core.py")),
      planeChart(on.effects, on.plane),
    ];
    for (const chart of charts) for (const line of chart.split("\n")) expect(line).toMatch(LINE);
    expect(charts[0]).toContain(`  n0["${MID}"]\n  n1["${BASE}"]\n  n0 -->|"#94;1.0.0"| n1\n`);
    expect(charts[1]).toContain('"owns"');
  });

  test("hostile names stay inside their label", async () => {
    const on = await hostilePlane();
    const path = 'modules/base/"]--> n9[x.py';
    const chart = mermaidOf(await asked(on, { ask: "who", path }));
    for (const line of chart.split("\n")) expect(line).toMatch(LINE);
    expect(chart).toContain("modules/base/#34;#93;--#62; n9#91;x.py");
  });

  test("520 edges are cut to what Mermaid takes, and counted", async () => {
    const on = new TestPlane();
    on.install({ id: BASE, files: { "modules/base": "" } });
    for (let i = 0; i < 260; i++)
      on.install({
        id: `PKG-T1-N-${i}`,
        files: { [`modules/n${i}`]: "" },
        dependencies: [{ id: BASE, range: "*" }],
      });
    const chart = planeChart(on.effects, on.plane);
    expect(chart).toContain("%% 20 more edges are left out");
    expect(chart.match(/-->/g)?.length).toBe(500);
  });

  test("an answer without edges to draw is refused", async () => {
    const on = await aChain();
    const report = await explain(on.effects, on.plane, "modules");
    expect(() => mermaidOf(report)).toThrow(
      expect.objectContaining({ code: "TRACE_NO_DIAGRAM", exit_code: 2 }),
    );
  });
});

describe("--html", () => {
  const between = (html: string, start: string, end: string): string => {
    const from = html.indexOf(start) + start.length;
    return html.slice(from, html.indexOf(end, from));
  };

  test("one file that names no place to fetch from, and whose policy knows its own script and style alone", async () => {
    const on = await aChain();
    const html = await planePage(on.effects, on.plane);
    const policy = between(html, 'http-equiv="Content-Security-Policy" content="', '"');
    const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    const script = between(html, '<script type="module">', "</script>");
    const style = between(html, "<style>", "</style>");
    expect(policy.split("; ")).toEqual([
      "default-src 'none'",
      `script-src ${hash(script)}`,
      `style-src ${hash(style)}`,
      "img-src data:",
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    // Digests and signatures may hold any letters after two slashes.
    const words = html.replaceAll(/[A-Za-z0-9+/]{40,}={0,2}/g, "");
    expect(words.length).toBeGreaterThan(html.length / 2);
    expect(words).not.toMatch(/https?:|\/\/[a-z]|@import|url\(|fetch\(|XMLHttp|innerHTML|eval\(/);
    expect(html.match(/<script/g)).toHaveLength(2);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would act on must not be in a page printed to it.
    expect(html).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(await planePage(on.effects, on.plane)).toBe(html);
  });

  test("hostile cells stay data", async () => {
    const on = await hostilePlane();
    const html = await planePage(on.effects, on.plane);
    const block = between(html, '<script type="application/json" id="data">', "</script>");
    const data = JSON.parse(block);
    expect(block).not.toMatch(/[<>&\u2028]/);
    expect(data.packages.find(({ id }: { id: string }) => id === "PKG-T1-EVIL-001").name).toContain(
      "<img src=x",
    );
    expect(html.match(/alert\(1\)/g)?.length).toBeGreaterThan(2);
    expect(html.match(/<img|<script>/g)).toBeNull();
  });

  test("a page for one answer begins with it and holds what it names", async () => {
    const on = await thePast();
    const report = await asked(on, { ask: "impact", subject: BASE });
    const html = await planePage(on.effects, on.plane, {}, report);
    const data = JSON.parse(between(html, '<script type="application/json" id="data">', "</script>"));
    expect(data.answer.title).toBe(`Without ${BASE}`);
    expect(data.answer.text).toContain("## Stops working");
    expect(data.packages.map(({ id }: { id: string }) => id)).toEqual([BASE, MID]);
  });
});
