import { jailPromises } from "./jail-promises.ts";

jailPromises();
