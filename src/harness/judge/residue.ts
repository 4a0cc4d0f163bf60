/** The end of a life: what is still installed is taken away, then the world is held against its beginning. */
import type { GoldenProblem, GoldenStep, Scenario } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import type { Driver } from "../driver.ts";
import { LEFT_ON_PURPOSE, unexplained } from "../oracle/rules.ts";
import { changesBetween, type Snapshot } from "../oracle/snapshot.ts";
import { problem } from "../problems.ts";
import type { World } from "../world/world.ts";
import type { Observer } from "./observe.ts";

const SHOWN_MAX = 50;

/** Packages that came along, and those of a scenario that ends with them in place, leave in one transaction. */
export async function judgeResidue(
  { clock }: Pick<Effects, "clock">,
  { world, driver, observer, explained }: Ending,
  first: Snapshot,
): Promise<GoldenStep> {
  const from_ms = clock.elapsed_ms();
  const before = await observer.look();
  const ids = Object.keys(before.installed);
  const problems: GoldenProblem[] = [];
  if (ids.length > 0) {
    const { operator: token } = world.tokens;
    const left = await driver.within(world.place, { operation: "uninstall", input: { ids }, token });
    if (left.exit_code !== 0)
      problems.push(
        problem(
          "RESIDUE",
          `${ids.join(", ")} cannot be uninstalled: ${left.fault?.message ?? `exit ${left.exit_code}`}`,
          { subject: ids[0] },
          left.fault?.next_step ?? 'Run "pkg uninstall" in the kept plane.',
        ),
      );
  }
  const { snapshot } = await observer.look();
  const rules = [...LEFT_ON_PURPOSE, ...explained.map(({ path, why }) => ({ path: `plane/${path}`, why }))];
  const lines = unexplained(changesBetween(first, snapshot), rules);
  problems.push(...gathered(lines).slice(0, SHOWN_MAX).map(residue));
  return {
    id: "residue",
    do: "compare",
    verdict: problems.length === 0 ? "pass" : "fail",
    duration_ms: Math.round(clock.elapsed_ms() - from_ms),
    exit_code: null,
    fault: null,
    injected: null,
    counts: { checks: 1, paths: snapshot.entries.size, packages: ids.length },
    problems,
    trace: null,
  };
}

interface Ending {
  readonly world: World;
  readonly driver: Driver;
  readonly observer: Observer;
  readonly explained: Scenario["explained"];
}

interface Gathered {
  readonly sign: string;
  readonly path: string;
  readonly below: number;
}

/** What lies below something that is itself named is only counted. */
function gathered(lines: readonly string[]): Gathered[] {
  const found: { sign: string; path: string; below: number }[] = [];
  for (const line of lines) {
    const [sign, path] = [line.slice(0, 1), line.slice(2)];
    const above = found.find((one) => one.sign === sign && path.startsWith(`${one.path}/`));
    if (above === undefined) found.push({ sign, path, below: 0 });
    else above.below += 1;
  }
  return found;
}

const WORDS: Readonly<Record<string, string>> = {
  "+": "was left behind",
  "-": "is gone",
  "~": "is not as it was",
};

function residue({ sign, path: name, below }: Gathered): GoldenProblem {
  const path = name.replace(/^plane\//, "");
  const more = below === 0 ? "" : ` and ${below} below it`;
  return problem(
    "RESIDUE",
    `${path}${more} ${WORDS[sign] ?? "differs"}`,
    { subject: path },
    `Let the package take it away with itself, or write [[explained]] path = "${path}" with the reason.`,
  );
}
