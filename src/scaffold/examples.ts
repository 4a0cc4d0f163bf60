/** What the new plugin of each kind does: small, deterministic, and with the permissions its kind is for. */
import type { PluginKind } from "../contracts/index.ts";

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export interface Example {
  /** One sentence about the plugin. */
  readonly purpose: string;
  readonly action: {
    readonly id: string;
    readonly title: string;
    readonly input: JsonObject;
    readonly output: JsonObject;
    readonly permissions: readonly string[];
  };
  readonly shown: { readonly title: string; readonly input: JsonObject; readonly output: JsonObject };
  /** What a probe expects, where that is less than the example shows. */
  readonly expected?: JsonObject;
  readonly permissions: JsonObject;
  readonly config: { readonly properties: JsonObject; readonly defaults: JsonObject };
  /** Body of the action's function in each language; `given` is the input, `config` the configuration. */
  readonly python: readonly string[];
  readonly node: readonly string[];
}

const text = { type: "string", minLength: 1, maxLength: 2000 };
const object = (properties: JsonObject, required: readonly string[]): JsonObject => ({
  type: "object",
  additionalProperties: false,
  required,
  properties,
});

export const EXAMPLES: Readonly<Record<PluginKind, Example>> = {
  node: {
    purpose: "Greets people by name.",
    action: {
      id: "greet",
      title: "Greet somebody",
      input: object({ name: text }, ["name"]),
      output: object({ greeting: { type: "string" } }, ["greeting"]),
      permissions: [],
    },
    shown: { title: "a name", input: { name: "Ada" }, output: { greeting: "Hello, Ada!" } },
    permissions: {},
    config: {
      properties: { salutation: { type: "string", minLength: 1, description: "Word before the name." } },
      defaults: { salutation: "Hello" },
    },
    python: [`return {"greeting": f"{config['salutation']}, {given['name']}!"}`],
    node: ["return { greeting: `${config.salutation}, ${given.name}!` };"],
  },
  integration: {
    purpose: "Prepares requests to a service on the network.",
    action: {
      id: "prepare_request",
      title: "Prepare a request",
      input: object({ path: text }, ["path"]),
      output: object({ url: { type: "string" }, has_token: { type: "boolean" } }, ["url", "has_token"]),
      permissions: ["network:api.example.org"],
    },
    shown: {
      title: "without a token",
      input: { path: "v1/status" },
      output: { url: "https://api.example.org/v1/status", has_token: false },
    },
    // With a token in the configuration the rest differs.
    expected: { url: "https://api.example.org/v1/status" },
    permissions: { network: ["api.example.org"] },
    config: {
      properties: {
        api_token: {
          type: "string",
          "x-secret": true,
          description: "Named by the operator, never written here.",
        },
        base_url: { type: "string", format: "uri", description: "Where the service answers." },
      },
      defaults: { base_url: "https://api.example.org" },
    },
    python: [
      `url = config["base_url"].rstrip("/") + "/" + given["path"].lstrip("/")`,
      `return {"url": url, "has_token": "api_token" in config}`,
    ],
    node: [
      'const url = `${config.base_url.replace(/\\/$/, "")}/${given.path.replace(/^\\//, "")}`;',
      'return { url, has_token: "api_token" in config };',
    ],
  },
  agent: {
    purpose: "Answers questions with the tools it was given.",
    action: {
      id: "answer",
      title: "Answer a question",
      input: object({ question: text }, ["question"]),
      output: object({ answer: { type: "string" } }, ["answer"]),
      permissions: ["tokens:2000", "tool:notes.search"],
    },
    shown: {
      title: "a question",
      input: { question: "Where are the notes?" },
      output: { answer: "You asked: Where are the notes?" },
    },
    permissions: { tokens_max: 4000, tools: ["notes.search"] },
    config: {
      properties: {
        words_max: { type: "integer", minimum: 1, maximum: 1000, description: "Length of an answer." },
      },
      defaults: { words_max: 50 },
    },
    python: [
      `words = given["question"].split()[: config["words_max"]]`,
      `return {"answer": "You asked: " + " ".join(words)}`,
    ],
    node: [
      "const words = given.question.split(/\\s+/).slice(0, config.words_max);",
      'return { answer: `You asked: ${words.join(" ")}` };',
    ],
  },
  quality_gate: {
    purpose: "Refuses texts with unfinished work in them.",
    action: {
      id: "check_text",
      title: "Check a text",
      input: object({ text: { type: "string", maxLength: 100000 } }, ["text"]),
      output: object(
        {
          passed: { type: "boolean" },
          findings: {
            type: "array",
            items: object({ line: { type: "integer" }, word: { type: "string" } }, ["line", "word"]),
          },
        },
        ["passed", "findings"],
      ),
      permissions: [],
    },
    shown: {
      title: "unfinished work in the second line",
      input: { text: "done\nTBD: more" },
      output: { passed: false, findings: [{ line: 2, word: "TBD" }] },
    },
    permissions: {},
    config: {
      properties: {
        words: {
          type: "array",
          items: { type: "string", minLength: 1 },
          description: "Words that must not stand.",
        },
      },
      defaults: { words: ["TBD", "???"] },
    },
    python: [
      `findings = [`,
      `    {"line": number, "word": word}`,
      `    for number, line in enumerate(given["text"].splitlines(), 1)`,
      `    for word in config["words"]`,
      `    if word in line`,
      `]`,
      `return {"passed": not findings, "findings": findings}`,
    ],
    node: [
      'const findings = given.text.split("\\n").flatMap((line, index) =>',
      "  config.words.filter((word) => line.includes(word)).map((word) => ({ line: index + 1, word })),",
      ");",
      "return { passed: findings.length === 0, findings };",
    ],
  },
};
