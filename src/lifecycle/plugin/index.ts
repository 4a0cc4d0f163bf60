export { type ApproveResult, approvePlugin } from "./approve.ts";
export type { PluginChange } from "./change-plugin.ts";
export { disablePlugin } from "./disable.ts";
export { type EnableResult, enablePlugin } from "./enable.ts";
export { type ForgetResult, forgetPlugin } from "./forget.ts";
export { type InstallPluginResult, installPlugin } from "./install-plugin.ts";
export { registerPlugin } from "./register.ts";
export { type ReviewResult, reviewPlugins } from "./review.ts";
export { type UninstallPluginResult, uninstallPlugin } from "./uninstall-plugin.ts";
