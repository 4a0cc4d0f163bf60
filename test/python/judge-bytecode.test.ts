/** Bytecode as each interpreter here writes it, and everything that can be wrong with it. */
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { Fault } from "../../src/kernel/index.ts";
import {
  type BytecodeVerdict,
  bytecodeName,
  findPython,
  type Interpreter,
  judgeBytecode,
} from "../../src/python/index.ts";

const effects = nodeEffects();

async function interpreters(): Promise<Interpreter[]> {
  const found: Interpreter[] = [];
  for (const minor of [9, 10, 11, 12, 13, 14]) {
    try {
      found.push(await findPython(effects, { cache_tag: `cpython-3${minor}` }));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }
  return found;
}
const pythons = await interpreters();

/** Constants of every kind, nested code, annotations, f-strings, exception tables, sets and big numbers. */
const SOURCE = `"""Docstring."""
import os
BIG = 10 ** 5000
HUGE = 0x${"f".repeat(5000)}
ZEROS = (0.0, -0.0)
FLOATS = (1e300, 1j, 1e999 - 1e999)
class A:
    """Another."""
    x: int = 1
    def m(self, *, k=(1, "a", b"b", None, ..., True)):
        assert k
        try:
            return [f"{i!r:>{self.x}}" for i in k if i in {"p", "q", 1, 2.5}]
        except (ValueError, OSError):
            return lambda y: y[1:2]
async def c():
    async with c() as z:
        yield z
`;

interface Case {
  readonly root: string;
  readonly pyc: string;
  judge(pyc?: string): Promise<BytecodeVerdict | undefined>;
}

function aCase(python: Interpreter, flags: readonly string[] = [], source = SOURCE): Case {
  const root = mkdtempSync(join(tmpdir(), "bytecode-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  writeFileSync(join(root, "a.py"), source);
  execFileSync(python.executable, ["-I", ...flags, "-m", "compileall", "-q", root]);
  const level = flags.includes("-OO") ? ".opt-2" : flags.includes("-O") ? ".opt-1" : "";
  const pyc = `__pycache__/a.${python.cache_tag}${level}.pyc`;
  const judge: Case["judge"] = async (name = pyc) =>
    (await judgeBytecode(effects, { root, items: [{ pyc: name, source: "a.py" }] })).get(name);
  return { root, pyc, judge };
}

function codeOf(python: Interpreter, source: string): Buffer {
  const script =
    "import marshal, sys; sys.stdout.buffer.write(marshal.dumps(compile(sys.stdin.read(), 'a.py', 'exec')))";
  return execFileSync(python.executable, ["-I", "-c", script], { input: source });
}

/** Bytecode of another source under the header Python wrote for the honest one. */
function plant(python: Interpreter, { root, pyc }: Case, source: string): void {
  const header = readFileSync(join(root, pyc)).subarray(0, 16);
  writeFileSync(join(root, pyc), Buffer.concat([header, codeOf(python, source)]));
}

/** Many contents of one bytecode file, judged by one interpreter run. */
async function judgeVariants(
  { cache_tag }: Interpreter,
  { root }: Case,
  variants: readonly (readonly [string, Buffer])[],
): Promise<Record<string, BytecodeVerdict | undefined>> {
  const items = variants.map(([, bytes], index) => {
    const pyc = `__pycache__/v${index}.${cache_tag}.pyc`;
    writeFileSync(join(root, pyc), bytes);
    return { pyc, source: "a.py" };
  });
  const verdicts = await judgeBytecode(effects, { root, items });
  return Object.fromEntries(variants.map(([name], index) => [name, verdicts.get(items[index]?.pyc ?? "")]));
}

test("there is an interpreter to test with", () => {
  expect(pythons.length).toBeGreaterThan(0);
  console.info(`interpreters: ${pythons.map(({ version }) => version).join(", ")}`);
});

describe.each(pythons.map((python) => [python.cache_tag, python] as const))("%s", (_, python) => {
  test.each([[[]], [["-O"]], [["-OO"]]])("what it writes with %j is a cache", async (flags) => {
    expect(await aCase(python, flags).judge()).toEqual({
      verdict: "cache",
      reason: "equals a compile of its source",
    });
  });

  test("other code under an honest header is planted", async () => {
    const one = aCase(python);
    const header = readFileSync(join(one.root, one.pyc)).subarray(0, 16);
    const variants = Object.entries({
      "another constant": SOURCE.replace('"a"', '"z"'),
      "another sign of zero": SOURCE.replace("(0.0, -0.0)", "(0.0,  0.0)"),
      "true for one": SOURCE.replace("x: int = 1", "x: int = True"),
      "another operation": SOURCE.replace("in {", "not in {"),
      "one statement more": `${SOURCE}os.getpid()\n`,
      "other line numbers": `\n${SOURCE}`,
      "no difference": SOURCE,
    }).map(([name, source]) => [name, Buffer.concat([header, codeOf(python, source)])] as const);
    const verdicts = await judgeVariants(python, one, variants);
    const { "no difference": same, ...others } = verdicts;
    expect(same).toMatchObject({ verdict: "cache" });
    for (const [name, verdict] of Object.entries(others))
      expect([name, verdict]).toMatchObject([
        name,
        { verdict: "planted", reason: expect.stringMatching(/from a compile of its source in co_/) },
      ]);
  });

  test("planted code is never run", async () => {
    const one = aCase(python);
    plant(python, one, `open(${JSON.stringify(join(one.root, "ran"))}, "w")\n`);
    expect(await one.judge()).toMatchObject({ verdict: "planted" });
    expect(() => readFileSync(join(one.root, "ran"))).toThrow("ENOENT");
  });

  test("out of date: equal code is a cache, other code is planted", async () => {
    const one = aCase(python);
    utimesSync(join(one.root, "a.py"), 1, 1);
    expect(await one.judge()).toMatchObject({ verdict: "cache" });
    writeFileSync(join(one.root, "a.py"), SOURCE.replace("10 **", "110 **"));
    expect(await one.judge()).toMatchObject({
      verdict: "planted",
      reason: expect.stringContaining("another state of its source"),
    });
  });

  test.each(["checked-hash", "unchecked-hash"])(
    "%s: a cache with the right hash, planted with another",
    async (mode) => {
      const one = aCase(python);
      execFileSync(python.executable, [
        "-I",
        "-m",
        "compileall",
        "-q",
        "-f",
        "--invalidation-mode",
        mode,
        one.root,
      ]);
      expect(await one.judge()).toMatchObject({ verdict: "cache" });
      const bytes = readFileSync(join(one.root, one.pyc));
      bytes[9] = (bytes[9] ?? 0) ^ 1;
      writeFileSync(join(one.root, one.pyc), bytes);
      expect(await one.judge()).toMatchObject({ verdict: "planted" });
    },
  );

  test("bytes that no compiler wrote are planted", async () => {
    const one = aCase(python);
    const bytes = readFileSync(join(one.root, one.pyc));
    const header = bytes.subarray(0, 16);
    const after = (code: string): Buffer => Buffer.concat([header, Buffer.from(code, "latin1")]);
    const verdicts = await judgeVariants(python, one, [
      ["empty", Buffer.alloc(0)],
      ["a header alone", header],
      ["cut", bytes.subarray(0, -5)],
      ["longer", Buffer.concat([bytes, Buffer.from("x")])],
      ["of another magic", Buffer.concat([Buffer.from([1, 2, 3, 4]), bytes.subarray(4)])],
      [
        "with unknown flags",
        Buffer.concat([bytes.subarray(0, 4), Buffer.from([8, 0, 0, 0]), bytes.subarray(8)]),
      ],
      ["no code", after("N")],
      ["a tuple of two thousand million", after("(\u00ff\u00ff\u00ff\u007f")],
      ["nested without end", after(")\u0001".repeat(100_000))],
    ]);
    expect(Object.keys(verdicts)).toHaveLength(9);
    for (const [name, verdict] of Object.entries(verdicts))
      expect([name, verdict]).toMatchObject([name, { verdict: "planted" }]);
  });
});

const [python] = pythons;
if (python === undefined) throw new Error("no interpreter");

test("one damaged file does not hide the verdicts of the others", async () => {
  const one = aCase(python);
  mkdirSync(join(one.root, "d/__pycache__"), { recursive: true });
  const items = Array.from({ length: 6 }, (_, index) => {
    const pyc = `d/__pycache__/m${index}.${python.cache_tag}.pyc`;
    writeFileSync(join(one.root, `d/m${index}.py`), `x = ${index}\n`);
    return { pyc, source: `d/m${index}.py` };
  });
  execFileSync(python.executable, ["-I", "-m", "compileall", "-q", one.root]);
  writeFileSync(join(one.root, items[2]?.pyc ?? ""), "x");
  const verdicts = await judgeBytecode(effects, { root: one.root, items });
  expect(items.map(({ pyc }) => verdicts.get(pyc)?.verdict)).toEqual([
    "cache",
    "cache",
    "planted",
    "cache",
    "cache",
    "cache",
  ]);
});

test("an interpreter that dies over a file names it planted and goes on with the next", async () => {
  const one = aCase(python);
  const items = ["a", "b", "c"].map((name) => ({
    pyc: `__pycache__/${name}.${python.cache_tag}.pyc`,
    source: "a.py",
  }));
  let runs = 0;
  const dying = {
    ...effects,
    subprocess: {
      run: async (request: Parameters<typeof effects.subprocess.run>[0]) => {
        const real = await effects.subprocess.run(request);
        const is_judge = request.stdin !== undefined;
        if (!is_judge) return real;
        runs += 1;
        // As when the process is killed over the second file it was given.
        return {
          ...real,
          exit_code: null,
          signal: "SIGSEGV",
          stdout: Buffer.from(
            real.stdout
              .toString("utf8")
              .split("\n")
              .slice(0, 1)
              .map((line) => `${line}\n`)
              .join(""),
          ),
        };
      },
    },
  };
  const verdicts = await judgeBytecode(dying, { root: one.root, items });
  expect(runs).toBe(2);
  expect(items.map(({ pyc }) => verdicts.get(pyc)?.verdict)).toEqual(["cache", "planted", "not_verifiable"]);
  expect(verdicts.get(items[1]?.pyc ?? "")?.reason).toContain("crashes");
});

test("links, missing files and unknown interpreters are not verifiable", async () => {
  const one = aCase(python);
  symlinkSync(join(one.root, one.pyc), join(one.root, `__pycache__/l.${python.cache_tag}.pyc`));
  for (const name of [
    `__pycache__/l.${python.cache_tag}.pyc`,
    `__pycache__/gone.${python.cache_tag}.pyc`,
    "__pycache__/a.cpython-399.pyc",
    "__pycache__/a.pyc",
  ])
    expect([name, await one.judge(name)]).toEqual([
      name,
      expect.objectContaining({ verdict: "not_verifiable" }),
    ]);
});

test("names of caches", () => {
  expect(bytecodeName("a.cpython-311.pyc")).toEqual({ stem: "a", tag: "cpython-311", optimize: 0 });
  expect(bytecodeName("a.b.cpython-39.opt-2.pyc")).toEqual({ stem: "a.b", tag: "cpython-39", optimize: 2 });
  for (const name of [
    "a.pyc",
    "a.cpython-311.pyo",
    "a.cpython-311.opt-3.pyc",
    "a.cpython-311-pytest-8.0.0.pyc",
    ".cpython-311.pyc.123",
  ])
    expect([name, bytecodeName(name)]).toEqual([name, undefined]);
});
