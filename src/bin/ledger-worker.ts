/** Entry of a thread that verifies the ledgers of one plane and reports once. */
import { parentPort, workerData } from "node:worker_threads";
import { nodeEffects } from "../effects/node/index.ts";
import { runApart } from "../ledger/index.ts";

parentPort?.postMessage(await runApart(nodeEffects().fs, workerData));
