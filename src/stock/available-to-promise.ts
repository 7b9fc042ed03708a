import { sql } from 'kysely';

/** On hand less reserved. The column `available` says only whether anything is on hand. */
export const availableToPromise = sql<number>`(product.on_hand - product.exact_reserved)`;
