/** A writer process for the concurrency tests: appends `count` entries one by one and prints each acknowledged id. */
import { writeSync } from "node:fs";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { appendEntries, streamRef } from "../../src/ledger/index.ts";

const [root = "", name = "", heads_directory = "", who = "", count = "0"] = process.argv.slice(2);
const stream = streamRef({ root, name, heads_directory });
for (let i = 0; i < Number(count); i++) {
  const { entries } = await appendEntries(nodeEffects(), stream, [
    {
      event_type: "TEST",
      submission_id: who,
      decision: "NOTE",
      reason: `${i}`,
      metadata: { i, pad: "x".repeat(i % 500) },
    },
  ]);
  writeSync(1, `${entries[0]?.id}\n`);
}
