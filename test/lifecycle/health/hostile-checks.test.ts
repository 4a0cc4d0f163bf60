import { hostileChecks } from "./hostile-checks.ts";

hostileChecks();
