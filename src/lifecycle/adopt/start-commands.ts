/** What packages run without being asked: install scripts of npm, hooks and servers of agent plugins. */
import type { FileSystem } from "../../effects/index.ts";
import { type AdoptFindings, shown } from "./adopt-findings.ts";
import type { Recognised, Walked } from "./inventory-types.ts";
import { isObject, readObject, textIn } from "./read-text.ts";

type Fs = Pick<FileSystem, "openRead">;
type Members = Record<string, unknown>;
const INSTALL_SCRIPTS = ["preinstall", "install", "postinstall"];
/** Events at which nobody has asked for anything yet. */
const START_EVENT = /^(session_?start|setup|start(up)?|init(iali[sz]e)?|on_?load|activate)$/i;
const DEPTH_MAX = 8;
const COMMANDS_MAX = 1000;

export function judgeCommands(fs: Fs, walked: Walked, one: Recognised, findings: AdoptFindings): void {
  if (one.kind === "python") return;
  const at = (name: string): string => (one.place === "" ? name : `${one.place}/${name}`);
  judgeScripts(fs, walked, at, findings);
  if (one.kind !== "plugin") return;
  const manifests = [".claude-plugin/plugin.json", "plugin.json", "gemini-extension.json"].map(at);
  const documents = [...manifests, at("hooks/hooks.json"), at(".mcp.json"), at("hooks.json")];
  for (const path of documents) {
    const document = readObject(fs, walked, path);
    if (!document) continue;
    const hooks = document["hooks"];
    const where = { walked, one, path, findings };
    if (isObject(hooks)) judgeHooks(hooks, where);
    else if (path.endsWith("hooks.json")) judgeHooks(document, where);
    if (typeof hooks === "string") judgeNamed(where, hooks);
    judgeServers(document["mcpServers"], where);
  }
}

interface Where {
  readonly walked: Walked;
  readonly one: Recognised;
  readonly path: string;
  readonly findings: AdoptFindings;
}

function judgeScripts(fs: Fs, walked: Walked, at: (name: string) => string, findings: AdoptFindings): void {
  const path = at("package.json");
  const scripts = readObject(fs, walked, path)?.["scripts"];
  const named = isObject(scripts) ? INSTALL_SCRIPTS.filter((name) => textIn(scripts, name) !== null) : [];
  for (const name of named) {
    const command = shown(textIn(scripts as Members, name) ?? "");
    findings.add("INSTALL_SCRIPT", `${shown(path)} runs ${command} at ${name}`, { path, actual: command });
  }
  const gyp = at("binding.gyp");
  if (named.length === 0 && walked.files.has(gyp))
    findings.add("INSTALL_SCRIPT", `${shown(gyp)} makes npm compile code at install`, { path: gyp });
}

function judgeHooks(hooks: Members, where: Where): void {
  const { path, findings } = where;
  let left = COMMANDS_MAX;
  for (const [event, value] of Object.entries(hooks)) {
    for (const command of commandsIn(value, DEPTH_MAX)) {
      if (left-- <= 0) return;
      const is_start = START_EVENT.test(event);
      const message = `${shown(path)} runs ${shown(command)} at ${shown(event)}`;
      findings.add(is_start ? "HOOK_AT_START" : "HOOK", message, { path, actual: shown(command) });
      judgeNamed(where, command);
    }
  }
}

/** Every text under a key `command`, however deep the form nests it. */
function* commandsIn(value: unknown, depth: number): Generator<string> {
  if (depth === 0 || typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === "command" && typeof inner === "string") yield inner;
    else yield* commandsIn(inner, depth - 1);
  }
}

function judgeServers(servers: unknown, where: Where): void {
  if (!isObject(servers)) return;
  const { path, findings } = where;
  for (const [name, about] of Object.entries(servers).slice(0, COMMANDS_MAX)) {
    const command = isObject(about) ? (textIn(about, "command") ?? textIn(about, "url")) : null;
    if (command === null) continue;
    const message = `${shown(path)} starts the server ${shown(name)}: ${shown(command)}`;
    findings.add("SERVER_AT_START", message, { path, actual: shown(command) });
  }
}

/** Files of the plugin that a command names by the plugin's own root. */
function judgeNamed({ walked, one, path, findings }: Where, text: string): void {
  const found = text.startsWith("./")
    ? [text.slice(2)]
    : [...text.matchAll(/\$\{?(?:CLAUDE|CODEX)_PLUGIN_ROOT\}?\/([\w./@-]+)/g)].map(([, name = ""]) => name);
  for (const name of found) {
    const inside = one.place === "" ? name : `${one.place}/${name}`;
    if (name.split("/").includes("..") || walked.files.has(inside) || walked.folders.has(inside)) continue;
    const message = `${shown(path)} names ${shown(inside)}, which is not there`;
    findings.add("FILE_PHANTOM", message, { path: inside });
  }
}
