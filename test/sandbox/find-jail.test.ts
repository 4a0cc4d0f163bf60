import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Effects } from "../../src/effects/index.ts";
import { findJail, type JailSearch } from "../../src/sandbox/index.ts";
import { offers, scene } from "./scene.ts";

const NO_PYTHON = "no Python 3 outside the plane was found to prove it with";

/** A machine on which these paths are not there. */
const without = (effects: Effects, absent: RegExp): Effects => ({
  ...effects,
  subprocess: { run: effects.subprocess.run.bind(effects.subprocess) },
  fs: {
    ...effects.fs,
    stat: (path) => (absent.test(path) ? undefined : effects.fs.stat(path)),
  },
});

/** A machine on which what builds the jail does something else than it is told. */
const changing = (effects: Effects, change: (argv: readonly string[]) => readonly string[]): Effects => ({
  ...effects,
  subprocess: { run: (request) => effects.subprocess.run({ ...request, argv: change(request.argv) }) },
});

const reasonOf = ({ jail, tried }: JailSearch, layer: string): string | undefined => {
  expect(jail).toBeUndefined();
  return tried.find((one) => one.layer === layer)?.reason;
};

test("none is no jail, and so is a name we do not know", async () => {
  for (const setting of ["none", "chroot", "bubblewrap,landlock"]) {
    const { jail, tried } = await findJail(scene().effects({ HOLDFAST_JAIL: setting }));
    expect(jail).toBeUndefined();
    const reason = `excluded by HOLDFAST_JAIL=${JSON.stringify(setting)}`;
    expect(tried).toEqual(["bubblewrap", "namespaces", "landlock"].map((layer) => ({ layer, reason })));
  }
});

test("another system", async () => {
  const effects = scene().effects({});
  const search = await findJail({ ...effects, host: { ...effects.host, platform: "darwin" } });
  expect(reasonOf(search, "landlock")).toBe("needs Linux, and this is darwin");
});

test("without bubblewrap the next layer is taken, without Python none is", async () => {
  const { jail, tried } = await findJail(without(scene().effects({}), /bwrap$/));
  expect(jail?.layer).toBe(offers("namespaces") ? "namespaces" : offers("landlock") ? "landlock" : undefined);
  expect(tried[0]?.reason).toBe("not installed in /usr/bin/bwrap, /usr/local/bin/bwrap, /bin/bwrap");
  const search = await findJail(without(scene().effects({}), /bwrap$|python3$/));
  expect(reasonOf(search, "namespaces")).toBe(NO_PYTHON);
  expect(reasonOf(search, "landlock")).toBe(NO_PYTHON);
});

test("a Python that is none proves nothing", async () => {
  const python = "/bin/true";
  const search = await findJail(without(scene().effects({}), /python3$/), { python });
  expect(reasonOf(search, "landlock")).toBe(NO_PYTHON);
});

test("the verdict is kept within the process, and nothing is left behind", async () => {
  const here = scene();
  const first = await findJail(here.effects({}));
  expect(await findJail(here.effects({}))).toBe(first);
  expect(readdirSync(here.temp)).toEqual([]);
});

/** Cuts one promise out of the jail; the probe has to see that it is gone. */
describe("a layer with a hole is not used", () => {
  const drop =
    (...words: string[]) =>
    (argv: readonly string[]): string[] =>
      argv.filter((word) => !words.includes(word));
  const edit =
    (from: string | RegExp, to: string) =>
    (argv: readonly string[]): string[] =>
      argv.map((word) => word.replaceAll(from, to));
  type Change = (argv: readonly string[]) => readonly string[];
  const both =
    (first: Change, second: Change): Change =>
    (argv) =>
      second(first(argv));
  /** The folders of the probe, shown as the change says. */
  const show =
    (name: string, how: string) =>
    (argv: readonly string[]): string[] => {
      const at = argv.findIndex((word, index) => word.endsWith("/plane") && argv[index - 1] === "--ro-bind");
      const path = argv[at]?.replace(/plane$/, name);
      return at < 0 || path === undefined
        ? [...argv]
        : [...argv.slice(0, at + 2), how, path, path, ...argv.slice(at + 2)];
    };
  const NETWORK = /a connection could be made|a packet could be sent|the loopback device/;

  const holes: [string, string, Change, RegExp][] = [
    ["bubblewrap", "the machine's network", both(drop("--unshare-net"), drop("--seccomp", "3")), NETWORK],
    ["bubblewrap", "sockets allowed", drop("--seccomp", "3"), /a socket could be made/],
    ["bubblewrap", "a plane that can be written", show("plane", "--bind"), /of the plane could be changed/],
    ["bubblewrap", "a home that can be read", show("home", "--ro-bind"), /private file of another folder/],
    ["bubblewrap", "a folder that can be written", show("outside", "--bind"), /could be changed/],
    ["bubblewrap", "no plane", drop("--chdir"), /could not be built/],
    [
      "namespaces",
      "no network namespace",
      both(edit(" | 0x40000000 |", " |"), edit("filter_syscalls(SOCKET + MACHINERY, True)", "pass")),
      NETWORK,
    ],
    [
      "namespaces",
      "mounts that can be written",
      edit("ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV", "0"),
      /changed/,
    ],
    ["namespaces", "the old root", edit("build_root(config)\n", "pass\n"), /private file of another folder/],
    [
      "namespaces",
      "rights kept",
      edit("    drop_privileges()\n", ""),
      /gain rights|could be changed|could not be built/,
    ],
    [
      "landlock",
      "files open",
      edit("    restrict_files(config, abi)\n", ""),
      /private file of another folder/,
    ],
    ["landlock", "sockets allowed", edit("SOCKET + MACHINERY + METADATA", "METADATA"), NETWORK],
    ["landlock", "modes and times free", edit("MACHINERY + METADATA", "MACHINERY"), /could be changed/],
    [
      "landlock",
      "descriptors kept",
      edit(/    close_descriptors\(config\.get\("keep", \(\)\)\)\n/g, "    os.dup2(2, 40)\n"),
      /descriptor/,
    ],
    [
      "landlock",
      "a call that fails",
      edit("ABI_MIN, ABI_SIGNALS = 3, 6", "ABI_MIN, ABI_SIGNALS = 99, 6"),
      /older than 99/,
    ],
  ];
  test.each(holes.filter(([layer]) => offers(layer)))("%s: %s", async (layer, _what, change, reason) => {
    const here = scene();
    const search = await findJail(changing(here.effects({ HOLDFAST_JAIL: layer }), change));
    expect(reasonOf(search, layer)).toMatch(reason);
    expect(readdirSync(here.temp)).toEqual([]);
  });
});
