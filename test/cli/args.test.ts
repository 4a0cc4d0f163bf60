import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { OPERATION_TABLE } from "../../src/cli/generated/table.ts";
import { runCommand, type Setting } from "../../src/cli/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";

/** What a command line comes to, up to the operation it would run. */
async function run(
  argv: readonly string[],
  program: Setting["program"] = "pkg",
  signal: AbortSignal = new AbortController().signal,
): Promise<{ exit_code: number; out: string; err: string; root?: string | undefined; name?: string }> {
  const seen = { out: "", err: "" };
  let found: { name?: string; root?: string | undefined } = {};
  const exit_code = await runCommand(
    {
      effects: nodeEffects({ signal }),
      terminal: {
        out: (text) => void (seen.out += text),
        err: (text) => void (seen.err += text),
        colour: false,
        interactive: false,
      },
      program,
      version: "1.0.0",
      table: OPERATION_TABLE,
      load: async (name) => {
        const { OPERATIONS } = await import("../../src/operations/index.ts");
        const loaded = await OPERATIONS[name]?.();
        if (loaded === undefined) throw new Error(name);
        return {
          ...loaded,
          run: async (context) => {
            found = { name, root: context.root };
            context.effects.signal.throwIfAborted();
            return { result: {} };
          },
          text: () => "done\n",
          json: () => ({ done: true }),
        };
      },
      files: {
        deflate_worker_url: new URL("file:///x"),
        scan_worker_url: new URL("file:///x"),
        package_directory: "",
        launcher_script: "",
        node: "",
      },
      readDescriptor: () => "",
      readInput: async () => Buffer.alloc(0),
    },
    argv,
  );
  return { exit_code, ...seen, ...found };
}

describe("flags of every command", () => {
  test.each([
    [["--root", "/p", "list"]],
    [["list", "--root", "/p"]],
    [["--root=/p", "list"]],
    [["--wait", "3", "--root", "/p", "-j", "list"]],
    [["--root", "/p", "pkg", "list"]],
  ])("stand before the command or after it: %j", async (argv) => {
    expect(await run(argv)).toMatchObject({ exit_code: 0, name: "list", root: "/p" });
  });

  test("stand before a command of two words, and before words that end the flags", async () => {
    expect(await run(["--root", "/p", "--token", "t:x", "auth", "list"])).toMatchObject({
      name: "auth list",
      root: "/p",
    });
    expect(await run(["--root", "/p", "history", "--", "PKG-X"])).toMatchObject({
      name: "history",
      root: "/p",
    });
  });

  test("show the help of the command behind them", async () => {
    expect((await run(["--help", "list"])).out).toContain("Usage: pkg list");
    expect((await run(["--root", "/p", "--help"])).out).toContain("Usage: pkg COMMAND");
    expect((await run([])).out).toContain("Usage: pkg COMMAND");
  });

  test("alone are no command, and a token among them is not repeated", async () => {
    const alone = await run(["--token", "ann:0123456789abcdef"]);
    expect(alone).toMatchObject({ exit_code: 2, out: "" });
    expect(alone.err).toContain("no command is named");
    expect(alone.err).not.toContain("0123456789abcdef");
    expect((await run(["--root"])).err).toContain("COMMAND_UNKNOWN");
  });

  test("that belong to one command stay behind it", async () => {
    const early = await run(["--dry-run", "install"]);
    expect(early).toMatchObject({ exit_code: 2 });
    expect(early.err).toContain("--dry-run must stand behind the command it belongs to");
  });
});

test("a signal during a command that changes nothing ends it with 130 and a next step", async () => {
  const signal = AbortSignal.abort(new Error("stopped by SIGTERM"));
  const told = await run(["--json"], "integrity-check", signal);
  expect(told.exit_code).toBe(130);
  expect(JSON.parse(told.out)).toMatchObject({
    error: { code: "STOPPED", message: "stopped by SIGTERM before it had an answer" },
  });
  expect((await run(["list"], "pkg", signal)).err).toContain('next:  Run "pkg list" again.');
});

describe("a group of commands", () => {
  const groups = [
    ...new Set(OPERATION_TABLE.flatMap(({ name }) => (name.includes(" ") ? [name.split(" ")[0] ?? ""] : []))),
  ];
  const commandsOf = (group: string): string[] =>
    OPERATION_TABLE.filter(({ name }) => name.startsWith(`${group} `)).map(({ name }) =>
      name.slice(group.length + 1),
    );

  test.each(groups)("%s: its help names each command, with an example, in 80 columns", async (group) => {
    const asked = await run([group, "--help"]);
    expect(asked).toMatchObject({ exit_code: 0, err: "" });
    expect(asked.out).toContain(`Usage: pkg ${group} COMMAND`);
    for (const command of commandsOf(group))
      expect(asked.out).toMatch(new RegExp(`^  ${command} +[A-Z]`, "m"));
    expect(asked.out).toMatch(new RegExp(`Example:\n  (pkg |.* pkg )?.*${group}`));
    const summaries = asked.out.slice(0, asked.out.indexOf("Example:"));
    for (const line of summaries.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
    for (const argv of [
      ["help", group],
      ["--help", group],
      [group, "-h"],
      [group, "--root", "/p", "--help"],
    ])
      expect(await run(argv), argv.join(" ")).toEqual(asked);
  });

  test.each(groups)("%s alone is used wrongly, and is told what it has", async (group) => {
    const alone = await run([group]);
    expect(alone).toMatchObject({ exit_code: 2, out: "" });
    expect(alone.err).toContain("[USAGE]");
    expect(alone.err).toContain(commandsOf(group).join(", "));
    expect(alone.err).toContain(`Run "pkg ${group} --help"`);
    const { error } = JSON.parse((await run([group, "--json"])).out);
    expect(error).toMatchObject({ code: "USAGE" });
  });

  test("a command it does not have is unknown still", async () => {
    for (const argv of [
      ["ledger", "verfy"],
      ["ledger", "verfy", "--help"],
      ["help", "ledger", "verfy"],
    ])
      expect((await run(argv)).err).toContain("[COMMAND_UNKNOWN]");
  });

  test("completion offers the same", async () => {
    const { out } = await run(["completion", "bash"]);
    const complete = (...words: string[]): string[] => {
      const asked = `COMP_WORDS=(pkg ${words.join(" ")} ""); COMP_CWORD=${words.length + 1}; _pkg; echo "\${COMPREPLY[@]}"`;
      return execFileSync("bash", ["-c", `${out}\n${asked}`], { encoding: "utf8" })
        .trim()
        .split(" ");
    };
    for (const group of groups) expect(complete(group)).toEqual([...commandsOf(group), "--help"]);
    expect(complete("ledger", "verify-proof")).toContain("--since");
    expect(complete("ledger", "verify")).not.toContain("--since");
    expect(complete()).toEqual(expect.arrayContaining(groups));
    const fish = (await run(["completion", "fish"])).out;
    for (const group of groups)
      for (const command of commandsOf(group))
        expect(fish).toContain(`"__fish_seen_subcommand_from ${group}" -a "${command}"`);
  });
});
