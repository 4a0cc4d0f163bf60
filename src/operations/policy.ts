/** What the permission policy says, rule by rule. */
import { z } from "zod";
import { checkPolicyFile, findPlugin, plainText, type Ruled, whyPolicy } from "../grants/index.ts";
import { reading } from "../plane/index.ts";
import { POLICY_PATH, readPolicy } from "../provenance/index.ts";
import { operation, planeOf } from "./define.ts";
import { pluginName } from "./plugin-words.ts";

export const policyWhy = operation({
  name: "policy why",
  summary: "Explain rule by rule what the policy allows and denies to a plugin, and which line decides.",
  examples: ["pkg policy why PKG-T2-NOTES-001", "pkg policy why notes --json"],
  authorised: false,
  input: z.strictObject({ name: pluginName }),
  run: async (context, { name }) => {
    const { effects } = context;
    const plane = planeOf(context);
    return reading(effects, plane, async () => {
      const { asked } = findPlugin(effects, plane, name);
      const decisions = await whyPolicy(effects, plane, asked);
      const denied = decisions.filter(({ allowed }) => !allowed).length;
      const { namespace, package_id } = asked;
      return {
        result: { namespace, package_id, path: POLICY_PATH, denied, decisions },
        exit_code: denied === 0 ? 0 : 1,
      };
    });
  },
  text: ({ namespace, package_id, denied, decisions }) =>
    [
      ...decisions.flatMap(decisionLines),
      `${POLICY_PATH} ${denied === 0 ? "allows everything" : `denies ${denied} thing(s)`} that ${namespace} (${package_id}) asks for`,
      "",
    ].join("\n"),
});

function decisionLines({ asked, allowed, rule, rulings }: Ruled): string[] {
  const by = rule === null ? "no rule speaks of it" : `line ${rule.line}, ${rule.field} of ${rule.layer}`;
  return [
    `${allowed ? "allowed" : "denied "}  ${plainText(asked)}: ${by}`,
    ...(rulings.length < 2
      ? []
      : rulings.map(
          (one) =>
            `           ${one.allows ? "allows" : "denies"}: line ${one.line}, ${one.field} of ${one.layer}`,
        )),
  ];
}

export const policyCheck = operation({
  name: "policy check",
  summary:
    "Check config/policy.toml: its form, that it is the one accepted, and that no layer loosens a higher one.",
  examples: ["pkg policy check", "pkg policy check --json"],
  authorised: false,
  input: z.strictObject({}),
  run: async (context) => {
    const { fs } = context.effects;
    const plane = planeOf(context);
    const policy = await checkPolicyFile({ fs }, plane);
    readPolicy({ fs }, plane);
    const layers = [
      ...(policy.organisation === undefined ? [] : ["organisation"]),
      ...(policy.plane === undefined ? [] : ["plane"]),
      ...Object.keys(policy.package ?? {}),
    ];
    return { result: { path: POLICY_PATH, layers } };
  },
  text: ({ layers }) =>
    layers.length === 0
      ? `${POLICY_PATH} says nothing of permissions\n`
      : `${POLICY_PATH} holds: ${layers.length} layer(s), none loosens one above it (${layers.join(", ")})\n`,
});
