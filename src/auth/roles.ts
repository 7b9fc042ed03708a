/** What a person may do; each role may also do what those before it may. */
export const ROLES = ['viewer', 'clerk', 'administrator'] as const;
export type Role = (typeof ROLES)[number];
