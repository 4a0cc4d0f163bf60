export { scaffoldFaults } from "./faults.ts";
export { type NewResult, newPlugin } from "./new-plugin.ts";
