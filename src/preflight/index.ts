export { make as makePreflightFault, preflightFaults } from "./faults.ts";
export { checkRanges, checkRequirements, fits, type Present, type Runtime } from "./requirements.ts";
