/** Configuration an operator wrote by hand, and recorded as theirs. */
import type { Scenario } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import type { Driver, Place } from "../driver.ts";
import { make } from "../faults.ts";
import { writeText } from "./folder.ts";

/** @throws WORLD_FAILED where the plane does not take it */
export async function configurePlane(
  { fs }: Pick<Effects, "fs">,
  { configuration }: Pick<Scenario, "configuration">,
  { driver, place, token }: { readonly driver: Driver; readonly place: Place; readonly token: string },
): Promise<void> {
  if (configuration.length === 0) return;
  for (const { path, text } of configuration) {
    const known = text.replaceAll(/\$\{api:([^}]+)\}/g, (whole, name: string) => {
      const port = place.names.get(name);
      return port === undefined ? whole : `http://127.0.0.1:${port}`;
    });
    writeText(fs, `${place.root}/${path}`, known);
  }
  const operation = "integrity-check";
  // A plane without packages is unhealthy by rule; what counts is that the record was written.
  const { fault } = await driver.within(place, { operation, input: { record: true }, token });
  if (fault !== null)
    throw make("WORLD_FAILED", `the configuration of the scenario is refused: ${fault.message}`, {
      operation,
      code: fault.code,
    });
}
