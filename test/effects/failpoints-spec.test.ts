/** What HOLDFAST_FAILPOINTS may say, and that everything else is refused before anything is touched. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ACTIONS, CATALOGUE, PHASES, withFailpoints } from "../../src/effects/failpoints/index.ts";
import { SimDisk, simEffects } from "../../src/effects/sim/index.ts";
import { Fault } from "../../src/kernel/index.ts";

const never = (): never => {
  throw new Error("nothing may act here");
};
const parse = (spec: string): string[] =>
  withFailpoints(simEffects(new SimDisk(), { seed: 1 }), spec, {
    kill: never,
    pause: never,
    tell: never,
  }).unreached();

function refusal(spec: string): Fault {
  try {
    parse(spec);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error(`${spec} was taken`);
}

describe("a spec that cannot be meant is refused", () => {
  test.each([
    ["activate.file.renam=kill", 'there is no verb "renam"; did you mean rename?'],
    ["activte.file.rename=kill", 'there is no phase "activte"; did you mean activate?'],
    ["activate.jurnal.write=kill", 'there is no artefact "jurnal"; did you mean journal?'],
    ["phase.verfy=kill", 'there is no phase "verfy"; did you mean verify?'],
    ["*.file.rename=kil", 'there is no action "kil"; did you mean kill?'],
    ["*.file.rename=error:ENOENT", 'there is no action "error:ENOENT"; did you mean error:ENOSPC?'],
    ["*.file.rename=", "there is no action"],
    ["*.file.rename=delay:", "there is no action"],
    ["*.file.rename=delay:-1", "there is no action"],
    ["*.file.rename=delay:MS", "there is no action"],
    ["*.file.rename=kill,", "there is no action"],
    ["*.file.rename", "name=action"],
    ["=kill", "name=action"],
    ["*.file.rename#1#2=kill", "name=action"],
    ["*.file.rename#0=kill", "a number from 1"],
    ["*.file.rename#=kill", "a number from 1"],
    ["*.file.rename#1e3=kill", "a number from 1"],
    ["*.file=kill", "three parts"],
    ["file=kill", "three parts"],
    ["a.b.c.d=kill", "three parts"],
    ["*.journal.rename=kill", 'nothing does "rename" to journal; known for it: open, write, sync'],
    ["*.file.rename=torn", "torn cannot happen to *.file.rename"],
    ["*.file.read=error:ENOSPC", "error:ENOSPC cannot happen to"],
    ["__proto__.file.rename=kill", 'there is no phase "__proto__"'],
    ["*.constructor.rename=kill", 'there is no artefact "constructor"'],
    ["*.file.rename=toString", 'there is no action "toString"'],
    [" ; ;", "it names no point"],
  ])("%s", (spec, problem) => {
    const fault = refusal(spec);
    expect(fault).toMatchObject({ code: "FAILPOINT_INVALID", exit_code: 2 });
    expect(fault.message).toContain(problem);
    expect(fault.next_step).toContain("HOLDFAST_FAILPOINTS= pkg failpoints");
  });

  test("the part that is wrong is named, not the others", () => {
    expect(refusal("*.file.rename=kill; x.y.z=kill").details["part"]).toBe("x.y.z=kill");
  });

  test("any text is taken or refused with this one code, and never quoted at length", () => {
    const part = fc.constantFrom("activate", "*", "file", "rename", "#", "=", "kill", ";", ".", ",", "\0");
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(part).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, (spec) => {
        try {
          parse(spec);
        } catch (error) {
          if (!(error instanceof Fault) || error.code !== "FAILPOINT_INVALID") throw error;
          expect(error.message.isWellFormed()).toBe(true);
          expect(error.message.length).toBeLessThan(700);
        }
      }),
      { seed: 3, numRuns: 1000 },
    );
    expect(refusal(`${"x".repeat(1 << 20)}=kill`).message.length).toBeLessThan(700);
  });
});

describe("what is taken", () => {
  test("every entry of the catalogue with every action it lists, and every phase", () => {
    let count = 0;
    for (const { pattern, actions } of CATALOGUE)
      for (const action of actions) {
        parse(`${pattern}=${action.replace("MS", "5")}`);
        count++;
      }
    for (const phase of Object.keys(PHASES)) expect(parse(`phase.${phase}=kill`)).toEqual([`phase.${phase}`]);
    expect(count).toBeGreaterThan(CATALOGUE.length * 5);
    expect(new Set(CATALOGUE.flatMap(({ actions }) => actions))).toEqual(new Set(Object.keys(ACTIONS)));
  });

  test.each([
    ["activate.file.rename#3=kill", ["activate.file.rename#3"]],
    ["*.*.*#every=delay:10,error:EIO ; phase.commit=lost;", ["*.*.*#every", "phase.commit"]],
    [" *.journal.write = torn ", ["*.journal.write"]],
  ])("%s", (spec, names) => expect(parse(spec)).toEqual(names));
});
