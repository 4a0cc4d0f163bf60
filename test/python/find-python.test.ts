import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Effects } from "../../src/effects/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { Fault } from "../../src/kernel/index.ts";
import { findPython } from "../../src/python/index.ts";

/** A PATH and home with these programs and nothing else; the system's own folders seem empty. */
function machineWith(programs: Record<string, string>): Effects {
  const folder = mkdtempSync(join(tmpdir(), "python-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o755);
  }
  const real = nodeEffects({ host: { home: folder, env: { PATH: `relative:${folder}` } } });
  const realPath = (path: string): string => {
    if (!path.startsWith(folder)) throw Object.assign(new Error("ENOENT"), { code: "ENOENT" });
    return real.fs.realPath(path);
  };
  return { ...real, fs: { ...real.fs, realPath } };
}

const saying = (version: string, tag: string): string =>
  `#!/bin/sh\nprintf '%s\\n' /opt/python ${version} ${tag} /opt/lib relative\n`;

const codeOf = async (effects: Effects, cache_tag?: string): Promise<string> => {
  try {
    await findPython(effects, cache_tag === undefined ? {} : { cache_tag });
    return "found";
  } catch (error) {
    if (error instanceof Fault) return `${error.code} ${error.exit_code}: ${error.next_step}`;
    throw error;
  }
};

test("no interpreter, or only programs that are none", async () => {
  const expected =
    'PYTHON_NOT_FOUND 5: Install Python 3.9 or newer so that it is on PATH, then run "python3 --version".';
  expect(await codeOf(machineWith({}))).toBe(expected);
  expect(await codeOf(machineWith({ python3: "#!/bin/sh\nexit 127\n", "python3.12": "not a program" }))).toBe(
    expected,
  );
});

test("only an old one", async () => {
  expect(await codeOf(machineWith({ python3: saying("3.8.18", "cpython-38") }))).toMatch(
    /^PYTHON_TOO_OLD 5: /,
  );
});

test("a newer one behind an old python3", async () => {
  const effects = machineWith({
    python3: saying("3.8.18", "cpython-38"),
    "python3.12": saying("3.12.1", "cpython-312"),
  });
  expect(await findPython(effects)).toEqual({
    executable: "/opt/python",
    version: "3.12.1",
    cache_tag: "cpython-312",
    files: ["/opt/lib"],
  });
});

test("by cache tag: a name does not count, the answer does", async () => {
  const effects = machineWith({
    python3: saying("3.11.7", "cpython-311"),
    "python3.12": saying("3.11.7", "cpython-311"),
  });
  expect(await codeOf(effects, "cpython-311")).toBe("found");
  expect(await codeOf(effects, "cpython-312")).toBe(
    'PYTHON_NOT_FOUND 5: Install Python 3.12 so that it is on PATH, then run "python3.12 --version".',
  );
});
