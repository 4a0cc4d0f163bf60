export { type ImportResult, importPlane } from "./import-plane.ts";
export type { ImportReport } from "./import-report.ts";
