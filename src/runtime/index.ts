export { runtimeFaults } from "./faults.ts";
