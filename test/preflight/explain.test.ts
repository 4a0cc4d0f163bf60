/** Every code of the product is explained, offline. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MEANINGS } from "../../scripts/code-meanings.mjs";
import { cliFaults } from "../../src/cli/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { INTEGRITY_RULES } from "../../src/integrity/index.ts";
import { ADOPT_CODES } from "../../src/lifecycle/index.ts";
import { readFaultCatalogues } from "../../src/operations/index.ts";
import { PREFLIGHT_CODES } from "../../src/preflight/index.ts";
import { codeList } from "../../src/trace/index.ts";
import { temporaryFolder } from "../support/tree.ts";
import { shell } from "./scene.ts";

const SRC = new URL("../../src", import.meta.url).pathname;
/** A code where a finding or fault is given one. */
const GIVEN =
  /\b(?:code: |add\(\s*|make\(\s*|raise\(\s*|note\(\s*|finding\(\s*|say\(\s*)"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"/g;
const SYSTEM = /^E[A-Z]+$|^ERR_/;

/** Outside of any plane and any network. */
const explain = (...words: string[]) => {
  const folder = temporaryFolder();
  return shell(nodeEffects({ host: { env: {}, home: folder, cwd: folder } }), ["explain", ...words]);
};

async function allCodes(): Promise<string[]> {
  const catalogues = { ...(await readFaultCatalogues()), cli: cliFaults };
  const declared = Object.values(catalogues).flatMap((catalogue) => Object.keys(catalogue));
  const given = readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !/(^|\/)(generated|sim|failpoints)\//.test(name))
    .flatMap((name) =>
      [...readFileSync(join(SRC, name), "utf8").matchAll(GIVEN)].map(([, code = ""]) => code),
    );
  const tables = [INTEGRITY_RULES, PREFLIGHT_CODES].flatMap((table) => Object.keys(table));
  return [...new Set([...declared, ...given, ...tables, ...ADOPT_CODES])].filter(
    (code) => !SYSTEM.test(code),
  );
}

describe("pkg explain", () => {
  test("knows every code of every catalogue and of every finding in the sources", async () => {
    const explained = new Map((await codeList()).map((one) => [one.code, one]));
    const codes = await allCodes();
    expect(codes.length).toBeGreaterThan(450);
    expect(codes.filter((code) => !explained.has(code))).toEqual([]);
    const poor = [...explained.values()].filter(
      ({ meaning }) => (meaning ?? "").length < 12 || /\$\{|\?\.$|: ;/.test(meaning),
    );
    expect(poor.map(({ code }) => code)).toEqual([]);
  });

  test("no meaning is written for a code that is not there", async () => {
    const known = new Set((await codeList()).map(({ code }) => code));
    expect(Object.keys(MEANINGS).filter((code) => !known.has(code))).toEqual([]);
  });

  test("a code of preflight comes with its check, a broken example and the mend", async () => {
    for (const code of Object.keys(PREFLIGHT_CODES)) {
      const one = (await explain(code, "--json")).json();
      expect(one, code).toMatchObject({ code, check: PREFLIGHT_CODES[code]?.check });
      expect(Math.min(one.broken.length, one.fix.length, one.meaning.length), code).toBeGreaterThan(5);
      expect(one.meaning, code).not.toMatch(/^Reported as/);
    }
  });

  test("for people: meaning, exit, sentence, next step and where it is raised", async () => {
    const { stdout, status } = await explain("compat-unmet");
    expect(status).toBe(0);
    for (const part of [
      "COMPAT_UNMET: a fault, exit 3",
      "check host-range",
      "Provide <runtime>",

      "src/preflight/requirements.ts",
    ])
      expect(stdout).toContain(part);
  });

  test("an unknown code names the nearest, exit 1", async () => {
    const ran = await explain("COMPAT_UNMT", "--json");
    expect(ran.status).toBe(1);
    expect(ran.json().error).toMatchObject({
      code: "CODE_UNKNOWN",
      next_step: 'Try "pkg explain COMPAT_UNMET".',
    });
    expect((await explain("__proto__", "--json")).json().error.code).toBe("CODE_UNKNOWN");
    expect((await explain("--json")).json().error.code).toBe("INPUT_MISSING");
  });

  test("--list has them all", async () => {
    const { codes } = (await explain("--list", "--json")).json();
    expect(codes.length).toBe((await codeList()).length);
    expect((await explain("--list")).stdout).toContain(`${codes.length} codes`);
  });
});
