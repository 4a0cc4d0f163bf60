/** A machine whose programs are watched already: the kernel allows one watcher, so ours cannot be, and says so. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makePlane, type Ran } from "../support/cli.ts";

const PERL = "/usr/bin/perl";
const NUMBERS: Readonly<Record<string, readonly [prctl: number, seccomp: number, fcntl: number]>> = {
  x64: [157, 317, 72],
  arm64: [167, 277, 25],
};
/** Becomes the program it is given, behind a filter that allows everything and has a listener. */
const WATCHED = String.raw`
my ($prctl, $seccomp, $fcntl) = map { $_ + 0 } splice(@ARGV, 0, 3);
syscall($prctl, 38, 1, 0, 0, 0);
my $all = pack('H*', '060000000000ff7f');
my $listener = syscall($seccomp, 1, 8, pack('Sx6P', 1, $all));
die "no listener: $!" if $listener == -1;
# It stays open in the program.
syscall($fcntl, $listener, 2, 0);
exec { $ARGV[0] } @ARGV;
`;

test.skipIf(!existsSync(PERL) || process.platform !== "linux")(
  "denials of the kernel leave no record there: runs go on, entries and the doctor say so",
  () => {
    const plane = makePlane();
    const { root, env } = plane;
    const bin = join(import.meta.dirname, "../../bin/pkg.cjs");
    const watched = (...args: string[]): Ran => {
      const numbers = (NUMBERS[process.arch] ?? []).map(String);
      return plane.run(PERL, ["-e", WATCHED, ...numbers, process.execPath, bin, ...args], { env });
    };
    expect(plane.pkg("new", "modules/greeter", "--kind", "node", "--runtime", "python").status).toBe(0);
    expect(plane.pkg("pack", "--src", "modules/greeter").status).toBe(0);
    expect(plane.pkg("plugin", "install", "PKG-T3-GREETER-001").status).toBe(0);
    const { shown_digest } = plane.pkg("plugin", "enable", "greeter", "--dry-run", "--json").json();
    expect(plane.pkg("plugin", "enable", "greeter", "--yes", shown_digest).status).toBe(0);

    const greet = ["run", "greeter", "greet", "--input", '{"name":"Ada"}', "--json"];
    const last = (): unknown =>
      JSON.parse(readFileSync(join(root, "ledger/runs.jsonl"), "utf8").trimEnd().split("\n").at(-1) ?? "");
    expect(watched(...greet)).toMatchObject({ status: 0 });
    expect(last()).toMatchObject({
      event_type: "plugin.action_invoked",
      metadata: { layer: "bubblewrap", denials_unwatched: true },
    });
    expect(plane.pkg(...greet).status).toBe(0);
    expect(last()).not.toHaveProperty("metadata.denials_unwatched");

    const doctor = watched("sandbox", "doctor", "--json");
    const { claims, is_proven } = doctor.json();
    expect([doctor.status, is_proven]).toEqual([0, true]);
    const lost = claims.filter((one: { is_proven: boolean }) => !one.is_proven);
    expect(lost).toMatchObject([{ claim: "denials.kernel", is_promise: false, proven: [] }]);
    expect(watched("sandbox", "doctor").stdout).toContain("missing, and runs go on");
  },
);
