import { describe, expect, test } from "vitest";
import { PlaneConfig } from "../../src/contracts/index.ts";
import { DEFAULT_LIMITS, limitsOf } from "../../src/runtime/limits.ts";

const asking = { namespace: "notes", action: "echo", declared: undefined, wishes: {} };
const code = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "nothing thrown";
};

describe("limits of a run", () => {
  test("without a word from anybody are the defaults", () => {
    const limits = limitsOf(undefined, asking);
    expect(limits.timeout_ms).toEqual({ value: 15_000, set_by: "default", ceiling: 15_000 });
    expect(limits.input_bytes_max.value).toBe(65_536);
    expect(limits.output_bytes_max.value).toBe(262_144);
    expect(limits.concurrency_max.value).toBe(1);
    expect(Object.keys(limits)).toEqual(Object.keys(DEFAULT_LIMITS));
  });

  test("an operator sets the ceiling, for all plugins or for one", () => {
    const run = { timeout_ms: 60_000, plugins: { notes: { timeout_ms: 100, concurrency_max: 4 } } };
    expect(limitsOf(run, asking).timeout_ms).toEqual({
      value: 100,
      set_by: "config/plane.toml",
      ceiling: 100,
    });
    expect(limitsOf(run, { ...asking, namespace: "other" }).timeout_ms.value).toBe(60_000);
    expect(limitsOf(run, asking).concurrency_max.value).toBe(4);
  });

  test("a namespace of the prototype is none of the operator's", () => {
    const run = { plugins: JSON.parse('{"notes":{"timeout_ms":5}}') };
    expect(limitsOf(run, { ...asking, namespace: "constructor" }).timeout_ms.value).toBe(15_000);
  });

  test("a manifest lowers, and what it asks for above is cut and told", () => {
    expect(limitsOf(undefined, { ...asking, declared: { timeout_ms: 500 } }).timeout_ms).toEqual({
      value: 500,
      set_by: "manifest",
      ceiling: 500,
    });
    expect(limitsOf(undefined, { ...asking, declared: { timeout_ms: 90_000 } }).timeout_ms).toEqual({
      value: 15_000,
      set_by: "default",
      ceiling: 15_000,
      cut_from: 90_000,
    });
  });

  test("a caller lowers, and one who asks for more is refused", () => {
    expect(limitsOf(undefined, { ...asking, wishes: { timeout_ms: 10 } }).timeout_ms.set_by).toBe("caller");
    const more = { ...asking, declared: { timeout_ms: 500 }, wishes: { timeout_ms: 501 } };
    expect(code(() => limitsOf(undefined, more))).toBe("plugin_limit_too_high");
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60])("%s is no limit", (timeout_ms) => {
    expect(code(() => limitsOf(undefined, { ...asking, wishes: { timeout_ms } }))).toBe(
      "plugin_limit_invalid",
    );
  });

  test("config/plane.toml may hold them, and nothing else under [run]", () => {
    const config = {
      format_version: 1,
      plane_uid: "0".repeat(32),
      name: "x",
      governed_roots: ["modules"],
      sources: [],
    };
    expect(PlaneConfig.parse({ ...config, run: { timeout_ms: 5 } }).run).toEqual({
      timeout_ms: 5,
      plugins: {},
    });
    expect(PlaneConfig.safeParse({ ...config, run: { timeout: 5 } }).success).toBe(false);
    expect(PlaneConfig.safeParse({ ...config, run: { timeout_ms: 0 } }).success).toBe(false);
  });
});
