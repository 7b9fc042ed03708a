import type { Principal } from '../auth/principal.ts';

/** Nobody in particular: has written nothing, so any replica that is fit may answer. */
export const VISITOR: Principal = { kind: 'customer', id: 0, permissions: new Set(), lastWrite: {} };
