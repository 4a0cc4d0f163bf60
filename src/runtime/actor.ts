/** On whose behalf an action is run, beside the user whose token allows it. Pure. */
import { make } from "./faults.ts";

export interface Actor {
  readonly kind: "human" | "agent";
  readonly id: string;
}

const ID = /^[A-Za-z0-9][A-Za-z0-9._@:/-]{0,127}$/;

/** A human is the user unless named; an agent has to be named. @throws invalid_actor_kind */
export function requireActor(
  { kind, id }: { readonly kind: string; readonly id?: string | undefined },
  user: string,
): Actor {
  const refuse = (problem: string) => make("invalid_actor_kind", problem, { actor_kind: kind.slice(0, 64) });
  if (kind !== "human" && kind !== "agent")
    throw refuse(`an actor is human or agent, not ${JSON.stringify(kind.slice(0, 64))}`);
  if (id !== undefined && !ID.test(id))
    throw refuse(
      "the actor's id holds other characters than letters, digits and . _ @ : / -, or is too long",
    );
  if (kind === "agent" && id === undefined) throw refuse("an agent has to be named");
  return { kind, id: id ?? user };
}
