import { defineFaults, kind } from "../kernel/index.ts";

export const { catalogue: scaffoldFaults, raise } = defineFaults({
  NEW_FOLDER_TAKEN: kind<{ path: string }>(
    2,
    () => `Name a folder that is not there yet: "pkg new modules/NAME --kind node --runtime python".`,
  ),
  NEW_FOLDER_PARENT: kind<{ path: string; parent: string }>(
    2,
    (d) => `Make it first: "mkdir -p ${d.parent}", then run the command again.`,
  ),
  NEW_NAME_UNUSABLE: kind<{ path: string }>(
    2,
    () => `Say how it is called: "pkg new DIR --namespace my-plugin --id PKG-T3-MY-PLUGIN-001".`,
  ),
});
