/** The table of states: which command leads from where to where. Pure. */
import type { PluginState } from "../contracts/index.ts";

/** `null` stands for a namespace nobody registered. */
export type Standing = PluginState | null;

/** Every allowed change (facts, plugin runtime 2.1). Whatever is not here is refused. */
export const ALLOWED: Readonly<Record<PluginState, readonly PluginState[]>> = {
  registered: ["installed"],
  installed: ["registered", "enabled", "disabled"],
  enabled: ["registered", "disabled"],
  disabled: ["registered", "installed", "enabled"],
};

export const COMMANDS = ["register", "install", "enable", "disable", "uninstall"] as const;
export type Command = (typeof COMMANDS)[number];

const TARGET: Readonly<Record<Command, PluginState>> = {
  register: "registered",
  install: "installed",
  enable: "enabled",
  disable: "disabled",
  uninstall: "registered",
};

/** Of the words of a command the user is to run instead. */
const INSTEAD: Readonly<Record<PluginState, Readonly<Partial<Record<Command, string>>>>> = {
  registered: { enable: "pkg plugin install", disable: "pkg plugin inspect" },
  installed: {},
  enabled: { install: "pkg plugin disable" },
  disabled: {},
};

export type Judgement =
  | { readonly kind: "change"; readonly to: PluginState }
  /** It is so already: nothing is written. */
  | { readonly kind: "same" }
  | { readonly kind: "unknown" }
  /** `instead`: the command, still without the namespace. */
  | { readonly kind: "forbidden"; readonly to: PluginState; readonly instead: string };

/** `register` never moves a known plugin: it is there for one nobody knows yet. */
export function judgeTransition(from: Standing, command: Command): Judgement {
  const to = TARGET[command];
  if (from === null) {
    if (command === "register" || command === "install") return { kind: "change", to };
    return { kind: "unknown" };
  }
  if (from === to || command === "register") return { kind: "same" };
  if (ALLOWED[from].includes(to)) return { kind: "change", to };
  return { kind: "forbidden", to, instead: INSTEAD[from][command] ?? "pkg plugin inspect" };
}

export const EVENTS = {
  register: "plugin.registered",
  update: "plugin.updated",
  install: "plugin.installed",
  enable: "plugin.activated",
  disable: "plugin.deactivated",
  uninstall: "plugin.uninstalled",
  approve: "plugin.approved",
  configure: "plugin.configured",
} as const;
export type PluginEvent = (typeof EVENTS)[keyof typeof EVENTS];
