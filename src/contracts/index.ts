export * from "./atoms.ts";
export * from "./auth.ts";
export * from "./finding.ts";
export * from "./ledger-entry.ts";
export * from "./manifest.ts";
export * from "./plane-config.ts";
export * from "./receipt.ts";
export * from "./registry-rows.ts";
