import type { Example } from "./examples.ts";
import type { NewPlugin } from "./named.ts";

export function readme(
  { package_id, namespace, target, kind, runtime }: NewPlugin,
  { purpose, action, shown }: Example,
  entrypoint: string,
): string {
  const program = runtime === "python" ? `python3 -B ${entrypoint}` : `node ${entrypoint}`;
  const request = { operation: "action", action: action.id, input: shown.input, request_id: "1" };
  const tests =
    runtime === "python" ? "python3 -B -m unittest discover -s tests" : "node --test tests/main.test.mjs";
  return `# ${namespace}

${purpose} A plugin of kind \`${kind}\`.

| file | what it is |
|---|---|
| \`holdfast.toml\` | what the plugin is, its actions, permissions, configuration, probes and health check |
| \`${entrypoint}\` | the program: one JSON object on stdin, one on stdout |
| \`tests/\` | its tests |
| \`.schema/\` | completion for editors; not packed |

Try it in this folder:

\`\`\`sh
echo '${JSON.stringify(request).replaceAll("'", "'\\''")}' | ${program}
${tests}
pkg preflight .
\`\`\`

Bring it into a plane, from the plane's folder (the plugin lies in \`${target}\` there):

\`\`\`sh
pkg pack --src ${target}
pkg install --id ${package_id}
\`\`\`
`;
}
