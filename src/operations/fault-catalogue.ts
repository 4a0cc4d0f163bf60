/** Every fault code of the product with its exit code; the reference page and the checks on codes read it. */
import { archiveFaults } from "../archive/index.ts";
import { failpointFaults } from "../effects/failpoints/index.ts";
import { gatesFaults } from "../gates/index.ts";
import { goldenFaults } from "../golden/index.ts";
import { grantFaults } from "../grants/index.ts";
import { harnessFaults } from "../harness/index.ts";
import { journalFaults } from "../journal/index.ts";
import { jsonSchemaFaults } from "../json-schema/index.ts";
import type { ExitCode } from "../kernel/index.ts";
import { keysFaults } from "../keys/index.ts";
import { ledgerFaults } from "../ledger/index.ts";
import { lifecycleFaults } from "../lifecycle/index.ts";
import { metadataFaults } from "../metadata/index.ts";
import { planeFaults } from "../plane/index.ts";
import { preflightFaults } from "../preflight/index.ts";
import { provenanceFaults } from "../provenance/index.ts";
import { pythonFaults } from "../python/index.ts";
import { receiptFaults } from "../receipts/index.ts";
import { registryFaults } from "../registry/index.ts";
import { runtimeFaults } from "../runtime/index.ts";
import { sandboxFaults } from "../sandbox/index.ts";
import { scaffoldFaults } from "../scaffold/index.ts";
import { storeFaults } from "../store/index.ts";
import { traceFaults } from "../trace/index.ts";
import { operationFaults } from "./faults.ts";

type Catalogue = Readonly<Record<string, { readonly exit_code: ExitCode }>>;

export const FAULT_CATALOGUES: Readonly<Record<string, Catalogue>> = {
  effects: failpointFaults,
  archive: archiveFaults,
  registry: registryFaults,
  ledger: ledgerFaults,
  store: storeFaults,
  keys: keysFaults,
  "json-schema": jsonSchemaFaults,
  metadata: metadataFaults,
  receipts: receiptFaults,
  journal: journalFaults,
  plane: planeFaults,
  provenance: provenanceFaults,
  grants: grantFaults,
  harness: harnessFaults,
  gates: gatesFaults,
  golden: goldenFaults,
  python: pythonFaults,
  sandbox: sandboxFaults,
  trace: traceFaults,
  preflight: preflightFaults,
  scaffold: scaffoldFaults,
  lifecycle: lifecycleFaults,
  runtime: runtimeFaults,
  operations: operationFaults,
};
