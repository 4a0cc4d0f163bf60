export { explain, traceExitCode } from "./explain.ts";
export { installedList } from "./installed.ts";
export { inventory } from "./inventory.ts";
export { renderInstalled, renderInventory, renderTrace, renderVerify } from "./render.ts";
export type { TraceOptions } from "./sight.ts";
export { verifyPlane } from "./verify.ts";
