/** Bytecode beside known sources: a cache when it equals a private compile, a finding when it does not. */
import type { Effects } from "../effects/index.ts";
import { type BytecodeItem, judgeBytecode } from "../python/index.ts";
import type { Outcome } from "./outcome.ts";
import { shellWord, shown } from "./shown.ts";

export async function judgeCaches(
  effects: Pick<Effects, "fs" | "subprocess" | "host">,
  root: string,
  items: readonly BytecodeItem[],
  outcome: Outcome,
): Promise<void> {
  if (items.length === 0) return;
  const verdicts = await judgeBytecode(effects, { root, items });
  for (const { pyc: path, source } of items) {
    const { verdict, reason } = verdicts.get(path) ?? {
      verdict: "not_verifiable",
      reason: "was not checked",
    };
    const cure = `rm ${shellWord(path)}`;
    const step = `Remove it with "${cure}"; Python makes it anew from ${shown(source)}.`;
    if (verdict === "cache") outcome.judge(path, "cache");
    else if (verdict === "planted") {
      outcome.judge(path, "unowned", { actual: reason, cure });
      outcome.find("PLANTED_BYTECODE", `${shown(path)} ${reason}`, step, { path, actual: reason });
    } else {
      outcome.judge(path, "not_verifiable", { actual: reason, cure });
      outcome.find("BYTECODE_NOT_VERIFIABLE", `${shown(path)} ${reason}`, step, { path, actual: reason });
    }
  }
}
