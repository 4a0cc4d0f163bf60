import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { HealthCheck } from "../../../src/contracts/index.ts";
import { nodeEffects } from "../../../src/effects/node/index.ts";
import { firstNotHealthy, healthLines } from "../../../src/lifecycle/health/report.ts";
import { everything, processesWith, scene } from "../../sandbox/scene.ts";
import { check, putFiles, pythonHere, verdicts } from "./package-under-test.ts";

const importOf = (module: string, id = "imports"): HealthCheck => ({ id, kind: "import", module });
const commandOf = (...argv: string[]): HealthCheck => ({ id: "runs", kind: "command", argv });
const pipeOf = (...argv: string[]): HealthCheck => ({ id: "answers", kind: "pipe", argv });
const one = async (...args: Parameters<typeof check>): Promise<string | undefined> =>
  verdicts(await check(...args))[0];

describe("import", () => {
  test("modules that do not come in, each with its reason", async () => {
    const files = {
      "modules/raises/__init__.py":
        "import sys\nprint('noise', file=sys.stderr)\nraise RuntimeError('not \\x1b[31mtoday')\n",
      "modules/exits/__init__.py": "import sys\nsys.exit(0)\n",
      "modules/vanishes/__init__.py": "import os\nos._exit(0)\n",
      "modules/crashes/__init__.py": "import os\nos.kill(os.getpid(), 11)\n",
      "modules/needs/__init__.py": "import raises.deeper\n",
      "modules/broken/__init__.py": "def f(:\n",
      "modules/json/__init__.py": "",
      "modules/sleeps/__init__.py": "import time\ntime.sleep(60)\n",
    };
    const report = await check(scene(), files, [
      importOf("raises", "raises"),
      importOf("exits", "exits"),
      importOf("vanishes", "vanishes"),
      importOf("crashes", "crashes"),
      importOf("needs", "needs"),
      importOf("broken", "broken"),
      importOf("absent", "absent"),
      importOf("needs.absent", "submodule"),
      importOf("json", "shadow"),
      importOf("os", "standard-library"),
      { ...importOf("sleeps", "sleeps"), timeout_ms: 700 } as HealthCheck,
    ]);
    expect(verdicts(report)).toEqual([
      "raises unhealthy exited with 1: noise RuntimeError: not [31mtoday (modules/raises/__init__.py line 3)",
      "exits unhealthy exited with 1: SystemExit: 0 (modules/exits/__init__.py line 2)",
      "vanishes unhealthy vanishes ended the interpreter",
      "crashes unhealthy was ended by signal 11",
      "needs unhealthy exited with 1: noise RuntimeError: not [31mtoday (modules/raises/__init__.py line 3)",
      expect.stringMatching(
        /^broken unhealthy exited with 1: SyntaxError: invalid syntax \(__init__.py, line 1\)$/,
      ),
      "absent unhealthy exited with 1: no module named absent was found in the plane",
      "submodule unhealthy exited with 1: noise RuntimeError: not [31mtoday (modules/raises/__init__.py line 3)",
      expect.stringMatching(/^shadow unhealthy exited with 1: module json was found outside the plane: \S+/),
      expect.stringMatching(
        /^standard-library unhealthy exited with 1: module os was found outside the plane: /,
      ),
      "sleeps unknown did not end within its time limit",
    ]);
    expect([report.checks_count, report.healthy_count, report.unhealthy_count, report.unknown_count]).toEqual(
      [11, 0, 10, 1],
    );
    expect(firstNotHealthy(report)?.id).toBe("raises");
  });

  test("modules that come in, from where they are, without believing or leaving bytecode", async () => {
    const here = scene();
    const files = {
      "modules/sound/__init__.py": "",
      "modules/sound/part.py":
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n",
      "modules/space/inner/__init__.py": "",
      "top.py": "",
    };
    putFiles(here, files);
    // Bytecode with other code and a current time: a plain import would run it.
    const { spawnSync } = await import("node:child_process");
    const plant = `import py_compile, shutil, os
source = "${here.plane}/modules/sound/__init__.py"; other = "${here.folder}/other.py"
open(other, "w").write("raise RuntimeError('planted')")
code = py_compile.compile(other, cfile="${here.folder}/other.pyc", doraise=True)
data = open(code, "rb").read(); found = os.stat(source)
import importlib.util
target = importlib.util.cache_from_source(source); os.makedirs(os.path.dirname(target), exist_ok=True)
open(target, "wb").write(data[:8] + int(found.st_mtime).to_bytes(4, "little") + found.st_size.to_bytes(4, "little") + data[16:])`;
    const python = await pythonHere();
    expect(spawnSync(python, ["-I", "-c", plant]).status).toBe(0);
    const plain = `import sys; sys.path.append("${here.plane}/modules"); import sound`;
    expect(spawnSync(python, ["-I", "-c", plain]).stderr.toString()).toContain("planted");
    const before = everything(here.plane);
    const seen: string[] = [];
    const report = await check(
      here,
      {},
      ["sound.part", "space.inner", "space", "top", "modules.sound"].map((module, index) =>
        importOf(module, `i${index}`),
      ),
      { request: { onCheck: ({ id }) => void seen.push(id) } },
    );
    expect(verdicts(report)).toEqual([
      "i0 healthy imported from modules/sound/part.py",
      "i1 healthy imported from modules/space/inner/__init__.py",
      "i2 healthy imported from modules/space",
      "i3 healthy imported from top.py",
      "i4 healthy imported from modules/sound/__init__.py",
    ]);
    expect(seen).toEqual(["i0", "i1", "i2", "i3", "i4"]);
    expect(everything(here.plane)).toEqual(before);
    expect(healthLines(report)[0]).toMatch(
      /^PKG-X 1\.1\.0 i0 \(import\): healthy, \d+ ms, (bubblewrap|namespaces|landlock)$/,
    );
    expect(firstNotHealthy(report)).toBeUndefined();
  });

  test("a tier below the plane has modules of its own", async () => {
    const here = scene();
    const files = { "planes/ho2/modules/low/__init__.py": "", "modules/high/__init__.py": "" };
    const tier_root = `${here.plane}/planes/ho2`;
    const report = await check(here, files, [importOf("low"), importOf("high")], { request: { tier_root } });
    expect(verdicts(report)).toEqual([
      "imports healthy imported from modules/low/__init__.py",
      "imports unhealthy exited with 1: no module named high was found in the plane",
    ]);
  });
});

describe("command", () => {
  const tool = { "bin/tool": '#!/bin/sh\necho "$@" "$PWD" >&2\nexit 3\n', "lib/data": "" };

  test("the exit code decides", async () => {
    const here = scene();
    const exits3 = { ...commandOf("bin/tool", "a b", "$HOME"), exit_code: 3 } as HealthCheck;
    expect(await one(here, tool, [exits3])).toBe("runs healthy exited with 3");
    expect(await one(here, tool, [commandOf("bin/tool", "a b", "$HOME")])).toBe(
      `runs unhealthy exited with 3: a b $HOME ${here.plane}`,
    );
    const exits5 = { ...commandOf("bin/tool"), exit_code: 5 } as HealthCheck;
    expect(await one(here, tool, [exits5])).toMatch(/^runs unhealthy exited with 3 instead of 5: /);
  });

  test("python and node are the interpreters given, a path is a file of this package that may be executed", async () => {
    const here = scene();
    const script = "import os, sys, sound; sys.exit(sound.VALUE != 1 or 'TOKEN' in str(os.environ))";
    expect(await one(here, {}, [commandOf("python", "-c", script)])).toBe("runs healthy exited with 0");
    expect(await one(here, {}, [commandOf("node", "-e", "process.exit(0)")])).toBe(
      "runs healthy exited with 0",
    );
    for (const word of ["lib/data", "bin/other", "sh", "/bin/sh", "../plane/bin/tool", "./bin/tool"])
      expect(await one(here, tool, [commandOf(word)])).toBe(
        `runs unhealthy ${word} is not an executable file of PKG-X`,
      );
  });

  test("without an interpreter, or with one that lies in the plane, nothing is known", async () => {
    const here = scene();
    const none = { request: { interpreters: {} } };
    expect(await one(here, {}, [commandOf("python", "-V")], none)).toBe("runs unknown no Python was found");
    expect(await one(here, {}, [importOf("sound")], none)).toBe("imports unknown no Python was found");
    expect(await one(here, {}, [commandOf("node", "-v")], none)).toBe("runs unknown no Node.js was found");
    const python = `${here.plane}/bin/python3`;
    symlinkSync(await pythonHere(), python);
    expect(await one(here, {}, [commandOf("python", "-V")], { request: { interpreters: { python } } })).toBe(
      `runs unknown the Python ${python} lies inside the plane`,
    );
    const wrong = { request: { interpreters: { python: "/bin/false", node: "/absent/node" } } };
    expect(await one(here, {}, [commandOf("python", "-V")], wrong)).toBe(
      "runs unknown /bin/false does not answer as a Python 3",
    );
    expect(await one(here, {}, [commandOf("node", "-v")], wrong)).toBe(
      "runs unknown /absent/node is missing",
    );
  });
});

describe("pipe", () => {
  const answering = (text: string): Record<string, string> => ({
    "modules/answer.py": `import json, sys\nasked = json.load(sys.stdin)\n${text}\n`,
  });
  const reply = (text: string): Promise<string | undefined> =>
    one(scene(), answering(text), [pipeOf("python", "-I", "modules/answer.py")]);

  test("the nonce comes back", async () => {
    expect(
      await reply(
        "assert asked['operation'] == 'health'\nprint(json.dumps({'status': 'ok', 'result': asked}))",
      ),
    ).toBe("answers healthy answered with the nonce");
  });

  test("anything else", async () => {
    const nonce = "json.dumps({'status': 'ok', 'result': asked})";
    const no_object = "answers unhealthy did not answer with one JSON object";
    const no_nonce = "answers unhealthy did not give the nonce back in result.nonce";
    expect(await reply("")).toBe(no_object);
    expect(await reply(`print(${nonce}, ${nonce})`)).toBe(no_object);
    expect(await reply(`print([${nonce}])`)).toBe(no_object);
    expect(await reply('sys.stdout.buffer.write(b\'{"status": "\\xff"}\')')).toBe(no_object);
    expect(await reply("print('null')")).toBe(no_object);
    expect(await reply("print('{}')")).toBe('answers unhealthy answered with status none instead of "ok"');
    expect(await reply("print(json.dumps({'status': 'error', 'result': asked}))")).toBe(
      'answers unhealthy answered with status "error" instead of "ok"',
    );
    expect(await reply('print(\'{"status": "ok", "result": null}\')')).toBe(no_nonce);
    expect(await reply('print(\'{"status": "ok", "result": {"nonce": ""}}\')')).toBe(no_nonce);
    expect(await reply('print(\'{"status": "ok", "__proto__": {"result": {"nonce": ""}}}\')')).toBe(no_nonce);
    expect(await reply(`print(${nonce}); sys.exit(1)`)).toBe("answers unhealthy exited with 1");
  });

  test("a flood is stopped", async () => {
    // Killed, or dead of writing into the pipe that was closed: whichever comes first.
    expect(await reply("while True: sys.stdout.write('x' * 65536)")).toMatch(
      /^answers unhealthy (was ended by SIG|exited with 1)/,
    );
  });
});

describe("file", () => {
  const file = { "lib/data": "recorded", "bin/tool": "#!/bin/sh\n" };
  const checkOf = (path: string): HealthCheck => ({ id: "there", kind: "file", path });

  test("what is recorded is there, without a jail", async () => {
    const report = await check(scene(), file, [checkOf("lib/data"), checkOf("bin/tool")], {
      setting: { HOLDFAST_JAIL: "none" },
    });
    expect(report.checks.map(({ verdict, layer }) => `${verdict} ${layer}`)).toEqual([
      "healthy not needed",
      "healthy not needed",
    ]);
  });

  test("each way of not being it", async () => {
    const here = scene();
    const files = putFiles(here, file);
    const packages = [
      { package_id: "PKG-X", version: "1", health: { checks: [checkOf("lib/data")] }, files },
    ];
    const after = async (change: () => void, path = "lib/data"): Promise<string | undefined> => {
      change();
      const request = { packages: [{ ...packages[0]!, health: { checks: [checkOf(path)] } }] };
      return one(here, {}, [], { request });
    };
    const data = `${here.plane}/lib/data`;
    expect(await after(() => {}, "lib/other")).toBe("there unhealthy lib/other is not a file of PKG-X");
    expect(await after(() => writeFileSync(data, "Recorded"))).toBe(
      "there unhealthy lib/data has other bytes",
    );
    expect(await after(() => writeFileSync(data, "more"))).toBe(
      "there unhealthy lib/data has 4 bytes instead of 8",
    );
    expect(await after(() => (writeFileSync(data, "recorded"), chmodSync(data, 0o755)))).toBe(
      "there unhealthy lib/data is executable, against its record",
    );
    expect(await after(() => (rmSync(data), symlinkSync("/etc/hostname", data)))).toBe(
      "there unhealthy lib/data is a symlink",
    );
    expect(await after(() => (rmSync(data), mkdirSync(data)))).toBe(
      "there unhealthy lib/data is a directory",
    );
    const elsewhere = (): void => {
      rmSync(`${here.plane}/lib`, { recursive: true });
      mkdirSync(`${here.folder}/lib`);
      writeFileSync(`${here.folder}/lib/data`, "recorded");
      symlinkSync(`${here.folder}/lib`, `${here.plane}/lib`);
    };
    expect(await after(elsewhere)).toBe("there unhealthy lib/data is reached through a symbolic link");
    expect(await after(() => rmSync(`${here.plane}/lib`))).toBe("there unhealthy lib/data is missing");
  });
});

describe("no jail", () => {
  const setting = { HOLDFAST_JAIL: "none" };

  test("without an approval nothing is run, and every layer is named", async () => {
    const here = scene();
    const report = await check(here, {}, [commandOf("python", "-c", "open('ran', 'w')")], { setting });
    const because = (layer: string): string => `${layer}: excluded by HOLDFAST_JAIL="none"`;
    const layers = ["bubblewrap", "namespaces", "landlock"].map(because).join("; ");
    expect(verdicts(report)).toEqual([
      `runs unknown was not run, because no jail holds on this machine (${layers})`,
    ]);
    expect([report.unknown_count, report.checks[0]?.layer]).toEqual([1, "none"]);
    expect(everything(here.plane).join()).not.toContain("ran");
  });

  test("with one it runs in a clean environment within its limits, and says so", async () => {
    const here = scene();
    const script =
      "import os, sys; sys.exit('TOKEN' in str(os.environ) or os.environ['HOME'] != os.environ['TMPDIR'])";
    const request = { approval_accepts_no_jail: true };
    const sleeps = {
      ...commandOf("python", "-c", "import time; time.sleep(60)"),
      timeout_ms: 500,
    } as HealthCheck;
    const report = await check(here, {}, [commandOf("python", "-c", script), importOf("sound"), sleeps], {
      setting,
      request,
    });
    expect(report.checks.map(({ verdict, layer }) => `${verdict} ${layer}`)).toEqual([
      "healthy none (approved)",
      "healthy none (approved)",
      "unknown none (approved)",
    ]);
    expect(report.layers_refused).toHaveLength(3);
    const absent = await check(here, { "bin/tool": "#!/absent/interpreter\n" }, [commandOf("bin/tool")], {
      setting,
      request,
    });
    expect(verdicts(absent)[0]).toMatch(/^runs unknown could not be started: /);
  });
});

test("nothing declared is nothing checked", async () => {
  const here = scene();
  const packages = [{ package_id: "PKG-X", version: "1", health: undefined, files: [] }];
  const report = await check(here, {}, [], { request: { packages } });
  expect(report).toEqual({
    checks: [],
    checks_count: 0,
    healthy_count: 0,
    unhealthy_count: 0,
    unknown_count: 0,
    layers_refused: [],
  });
});

test("keys inside the plane are a reason to run nothing", async () => {
  const here = scene();
  const keys_directory = `${here.plane}/keys`;
  expect(await one(here, {}, [importOf("sound")], { request: { keys_directory } })).toMatch(
    /^imports unknown .*\/plane\/keys overlaps with .*\/plane, which a jailed program may read$/,
  );
});

test("an interrupt ends the series between two checks", async () => {
  const here = scene();
  const stop = new AbortController();
  const effects = nodeEffects({ signal: stop.signal, host: here.effects({}).host });
  const files = { "lib/data": "" };
  const two: HealthCheck[] = ["a", "b"].map((id) => ({ id, kind: "file", path: "lib/data" }));
  const seen: string[] = [];
  const onCheck = ({ id }: { id: string }): void => {
    seen.push(id);
    stop.abort(new Error("stopped by SIGINT"));
  };
  await expect(check(here, files, two, { effects, request: { onCheck } })).rejects.toThrow(
    "stopped by SIGINT",
  );
  expect(seen).toEqual(["a"]);
});

describe("a command that is stopped", () => {
  const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  test("ends a running check at once with its whole tree", async () => {
    const here = scene();
    const word = `stop-${process.pid}-${process.hrtime.bigint()}`;
    const files = {
      "bin/run": `#!/bin/sh\n/bin/sh modules/tree.sh ${word}\ntrue\n`,
      "modules/tree.sh": '/bin/sh -c "sleep 61; true" "$1" &\nsleep 62\ntrue\n',
    };
    const stop = new AbortController();
    const effects = { ...here.effects({}), signal: stop.signal };
    const running = check(here, files, [commandOf("bin/run")], { effects });
    running.catch(() => undefined);
    for (let tries = 0; processesWith(word).length < 2 && tries < 1000; tries++) await after(20);
    expect(processesWith(word).length).toBeGreaterThan(1);
    const from_ms = performance.now();
    stop.abort(new Error("stopped by SIGINT"));
    await expect(running).rejects.toThrow("stopped by SIGINT");
    expect(performance.now() - from_ms).toBeLessThan(5000);
    expect(processesWith(word)).toEqual([]);
  });

  test("while a jail is looked for has seen none, and remembers nothing of it", async () => {
    const here = scene();
    const effects = here.effects({});
    // A search is remembered for the life of its way to start programs.
    const subprocess = { run: effects.subprocess.run.bind(effects.subprocess) };
    const stop = new AbortController();
    const running = check(here, {}, [commandOf("python", "-c", "pass")], {
      effects: { ...effects, subprocess, signal: stop.signal },
    });
    running.catch(() => undefined);
    await after(30);
    stop.abort(new Error("stopped by SIGINT"));
    await expect(running).rejects.toThrow("stopped by SIGINT");
    const again = await check(here, {}, [commandOf("python", "-c", "pass")], {
      effects: { ...effects, subprocess },
    });
    expect(verdicts(again)).toEqual(["runs healthy exited with 0"]);
  });
});
