/** The page of `trace --html` in a real browser. Without one these tests do not run; test/trace/renderings looks at its text. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { htmlPage } from "../../src/trace/html.ts";
import type { PageData } from "../../src/trace/page-data.ts";
import { CHROMIUM, Page } from "../support/chromium.ts";
import { temporaryFolder } from "../support/tree.ts";
import { EVIDENCE, evidencePlane, planesLike, put } from "./scenes.ts";

const plane = planesLike(evidencePlane);
const DESKTOP = { width: 1280, height: 800 };

const count = (page: Page, selector: string): Promise<unknown> =>
  page.value(`document.querySelectorAll(${JSON.stringify(selector)}).length`);

async function search(page: Page, text: string): Promise<string> {
  await page.value(
    `(() => { const box = document.getElementById("search"); box.value = ""; box.focus(); })()`,
  );
  await page.type(text);
  return String(await page.value(`document.querySelector("#list .status").textContent`));
}

describe.runIf(CHROMIUM !== undefined)("trace --html in Chromium", () => {
  test("opens without a request or a complaint, searches, and follows a link to what it names", async () => {
    const on = plane();
    const file = join(temporaryFolder(), "trace.html");
    const done = on.run("trace", ["--html", "--out", file]);
    expect(done.stdout + done.stderr).toContain(`Wrote ${file}`);
    const url = pathToFileURL(file).href;
    const page = await Page.open(DESKTOP);
    await page.go(url);
    expect(await count(page, ".row")).toBeGreaterThan(0);
    expect(await search(page, "evidence")).toMatch(/^1 of \d+ packages/);
    await page.value(`document.querySelector(".row").click()`);
    expect(await page.value(`document.querySelector("#detail h2").textContent`)).toBe(EVIDENCE);
    await page.value(`document.querySelector("#detail a[href^='#file=']").click()`);
    expect(await page.value(`document.querySelector("#detail h2").textContent`)).toContain(
      "modules/stdlib_evidence",
    );
    expect(await search(page, "no such thing anywhere")).toMatch(/^0 of/);
    expect(page.requests).toEqual([url]);
    expect(page.complaints).toEqual([]);
  });

  test("hostile cells are text in it, and run nothing", async () => {
    const on = plane();
    const evil = "<img src=x onerror=document.title=1><script>document.title=2</script>";
    put(
      on,
      "registries/specs_registry.csv",
      `spec_id,title,framework_id,status,version,plane_id,created_at\nSPEC-EVIL-001,"${evil}",FMWK-100,active,1.0.0,ho3,2026-01-01T00:00:00Z\n`,
    );
    const file = join(temporaryFolder(), "trace.html");
    on.run("trace", ["--html", "--out", file]);
    const page = await Page.open(DESKTOP);
    await page.go(`${pathToFileURL(file).href}#governance=SPEC-EVIL-001`);
    expect(await page.value(`document.querySelector("#detail dd").textContent`)).toBe(evil);
    expect(await count(page, "img")).toBe(0);
    expect(await page.value("document.title")).toMatch(/^Plane /);
    expect(page.complaints).toEqual([]);
  });

  test.each([
    ["light", { ...DESKTOP, dark: false }],
    ["dark", { ...DESKTOP, dark: true }],
    ["phone", { width: 390, height: 780, dark: false }],
  ])("%s: fits its width, and reads with enough contrast", async (_, view) => {
    const on = plane();
    const file = join(temporaryFolder(), "trace.html");
    on.run("trace", ["--impact", EVIDENCE, "--html", "--out", file]);
    const page = await Page.open(view);
    await page.go(pathToFileURL(file).href);
    expect(await page.value("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    expect(await page.value(`document.querySelector("#detail h2").textContent`)).toBe(`Without ${EVIDENCE}`);
    expect(await page.value(`getComputedStyle(document.querySelector("#detail")).display`)).not.toBe("none");
    expect(Number(await page.value(CONTRAST))).toBeGreaterThan(4.5);
    expect((await page.screenshot()).length).toBeGreaterThan(10_000);
  });

  test("10,000 packages: only what is looked at is made, and a search takes a moment", async () => {
    const file = join(temporaryFolder(), "large.html");
    writeFileSync(file, htmlPage(aLargePlane(10_000)));
    const page = await Page.open(DESKTOP);
    const opened_ms = performance.now();
    await page.go(pathToFileURL(file).href);
    console.log(`10,000 packages open in ${(performance.now() - opened_ms).toFixed(0)} ms`);
    const first = Number(await count(page, ".row"));
    expect(first).toBeLessThanOrEqual(200);
    await page.value("scrollTo(0, document.body.scrollHeight)");
    await page.value("new Promise((done) => setTimeout(done, 500))");
    expect(await count(page, ".row")).toBeGreaterThan(first);
    const searched_ms = performance.now();
    expect(await search(page, "number-4321")).toBe("1 of 10,000 packages.");
    console.log(`and searched in ${(performance.now() - searched_ms).toFixed(0)} ms`);
    expect(performance.now() - searched_ms).toBeLessThan(3_000);
  });
});

/** Contrast of text against paper by WCAG's own formula. */
const CONTRAST = `(() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((part) => {
      const c = Number(part) / 255;
      return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const pairs = [["body", "body"], [".about", "body"], [".status", "body"], ["pre", "pre"]];
  return Math.min(...pairs.map(([text, paper]) => {
    const [a, b] = [light(getComputedStyle(document.querySelector(text)).color), light(getComputedStyle(document.querySelector(paper)).backgroundColor)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }));
})()`;

function aLargePlane(package_count: number): PageData {
  const packages = Array.from({ length: package_count }, (_, i) => ({
    id: `PKG-T1-NUMBER-${i}`,
    name: `Package number ${i}`,
    version: "1.0.0",
    tier: "T1",
    type: "library",
    status: "active",
    installed: ["HO3"],
    by: "admin",
    at: "2026-03-01T10:00:00.000Z",
    transaction: "TX-20260301T100000-0011223344556677",
    spec: "",
    framework: "",
    needs: [[`PKG-T1-NUMBER-${i >> 1}`, "^1.0.0"] as const],
    file_count: 5,
    files: Array.from({ length: 5 }, (__, f) => [`modules/n${i}/f${f}.py`, "sha256:00", 1, "code"] as const),
  }));
  return {
    title: "Plane large",
    counts: "",
    answer: null,
    packages,
    files_left_out: 0,
    files_note: "",
    governance: [],
    events: [],
    findings: [],
  };
}
