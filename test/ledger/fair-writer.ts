/** A writer process that appends without a pause for a while, then prints how often, and how long its worst wait was. */
import { nodeEffects } from "../../src/effects/node/index.ts";
import { appendEntries, streamRef } from "../../src/ledger/index.ts";

const [root = "", name = "", heads_directory = "", who = "", duration_ms = "0"] = process.argv.slice(2);
const stream = streamRef({ root, name, heads_directory });
const effects = nodeEffects();
const entry = { event_type: "TEST", submission_id: who, decision: "NOTE", reason: "again" };
const until_ms = Date.now() + Number(duration_ms);
let count = 0;
let worst_ms = 0;
for (let before_ms = Date.now(); before_ms < until_ms; ) {
  await appendEntries(effects, stream, [entry]);
  const now_ms = Date.now();
  worst_ms = Math.max(worst_ms, now_ms - before_ms);
  before_ms = now_ms;
  count++;
}
console.log(JSON.stringify({ who, count, worst_ms }));
