export const DIRECTIONS = ['in', 'out'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** Why people receive or take out, each with its directions. The texts are `movement.reasons.<code>`. */
export const PURPOSES = {
  receipt: ['in'],
  sale: ['out'],
  return: ['in', 'out'],
  loss: ['out'],
  correction: ['in', 'out'],
  other: ['in', 'out'],
} as const satisfies Record<string, readonly Direction[]>;

export type MovementPurpose = keyof typeof PURPOSES;
export const PURPOSE_CODES = Object.keys(PURPOSES) as MovementPurpose[];

export function purposesOf(direction: Direction): MovementPurpose[] {
  return PURPOSE_CODES.filter((code) => (PURPOSES[code] as readonly Direction[]).includes(direction));
}
