/** Why bytes are not what a specification says they are. Whoever read them turns it into a fault or a finding. */
export class Malformed extends Error {}
