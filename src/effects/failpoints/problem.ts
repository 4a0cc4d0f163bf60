/** Whether a rule can be one, for those who read rules before anything runs. */
import { Fault } from "../../kernel/index.ts";
import { parseFailpoints } from "./parse.ts";

/** @param spec such as `activate.file.rename#3=kill` @returns what is wrong with it; undefined for a rule */
export function failpointProblem(spec: string): string | undefined {
  try {
    parseFailpoints(spec);
    return undefined;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { problem } = error.details;
    return typeof problem === "string" ? problem : error.message;
  }
}
