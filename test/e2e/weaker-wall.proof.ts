/** Actions on a machine without bubblewrap: refused, then run behind the next layer while an approval of that is in force. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makePlane, type Ran } from "../support/cli.ts";
import { withoutBubblewrap } from "../support/without-bubblewrap.ts";

const DAY_MS = 86_400_000;
const before = withoutBubblewrap();

test.skipIf(before === undefined)(
  "without bubblewrap: refused by name; run on the next layer, said on screen and in the ledger; refused again when it ends",
  () => {
    const plane = makePlane();
    const { root, env } = plane;
    const pkg = (...args: string[]): Ran => plane.pkg(...args);
    const ledger = (): { event_type: string; metadata: Record<string, unknown> }[] =>
      readFileSync(join(root, "ledger/runs.jsonl"), "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
    const bin = join(import.meta.dirname, "../../bin/pkg.cjs");
    const hidden = (args: readonly string[], more: Record<string, string> = {}): Ran => {
      const [program = "", ...rest] = before ?? [];
      return plane.run(program, [...rest, process.execPath, bin, ...args], { env: { ...env, ...more } });
    };
    const greet = ["run", "greeter", "greet", "--input", '{"name":"Ada"}'];

    expect(pkg("new", "modules/greeter", "--kind", "node", "--runtime", "python").status).toBe(0);
    expect(pkg("pack", "--src", "modules/greeter").status).toBe(0);
    expect(pkg("plugin", "install", "PKG-T3-GREETER-001").status).toBe(0);
    const { shown_digest } = pkg("plugin", "enable", "greeter", "--dry-run", "--json").json();
    expect(pkg("plugin", "enable", "greeter", "--yes", shown_digest).status).toBe(0);

    const refused = hidden([...greet, "--json"]);
    expect(refused.status).toBe(5);
    expect(refused.json().error).toMatchObject({
      code: "SANDBOX_LAYER_MISSING",
      details: { layer: "bubblewrap", cure: "apt-get install bubblewrap" },
    });
    expect(hidden(greet).stderr).toContain('Run "apt-get install bubblewrap", or accept the weaker layer');
    const doctor = hidden(["sandbox", "doctor", "--json"]);
    expect([doctor.status, doctor.json().is_proven]).toEqual([1, false]);
    expect(doctor.json().layers.map(({ is_in_use }: { is_in_use: boolean }) => is_in_use)).toEqual([
      false,
      false,
    ]);
    expect(ledger().map(({ event_type, metadata }) => [event_type, metadata["code"]])).toContainEqual([
      "plugin.action_refused",
      "SANDBOX_LAYER_MISSING",
    ]);

    const reason = ["--reason", "bubblewrap comes with the next image"];
    expect(pkg("approve", "run-without-bubblewrap", ...reason, "--days", "7").status).toBe(0);
    const shown = hidden(greet);
    expect(shown.stderr).toBe("");
    expect(shown.stdout).toContain("behind namespaces, a weaker layer accepted by run-without-bubblewrap");
    const done = hidden([...greet, "--json"]).json();
    expect(done).toMatchObject({ layer: "namespaces", accepted: "run-without-bubblewrap" });
    expect(ledger().at(-1)).toMatchObject({
      event_type: "plugin.action_invoked",
      metadata: { run_id: done.run_id, layer: "namespaces", accepted: "run-without-bubblewrap" },
    });
    expect(hidden(["run", "greeter", "greet", "--explain"]).stdout).toContain("namespaces, a weaker layer");
    const accepted = hidden(["sandbox", "doctor", "--json"]).json();
    expect(accepted.layers[1]).toMatchObject({ layer: "namespaces", is_in_use: true });
    expect(accepted.is_proven, JSON.stringify(accepted.claims)).toBe(true);

    // Where bubblewrap works an approval weakens nothing.
    const strong = pkg(...greet, "--json").json();
    expect(strong.layer).toBe("bubblewrap");
    expect(strong).not.toHaveProperty("accepted");

    // Eight days later.
    const later = join(plane.home, "later.cjs");
    writeFileSync(later, `const now = Date.now; Date.now = () => now() + ${8 * DAY_MS};\n`);
    const expired = hidden([...greet, "--json"], { NODE_OPTIONS: `--require ${later}` });
    expect(expired.json().error.code).toBe("SANDBOX_LAYER_MISSING");
    expect(hidden(greet).status).toBe(0);
    expect(pkg("approve", "run-without-bubblewrap", ...reason, "--days", "0").status).toBe(0);
    expect(hidden([...greet, "--json"]).json().error.code).toBe("SANDBOX_LAYER_MISSING");
  },
);
