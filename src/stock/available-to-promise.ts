import { sql } from 'kysely';

/**
 * What can still be promised of a `product`: the quantity on hand less what is reserved for others. Not the
 * column `available`, which says whether there is anything on hand at all.
 */
export const availableToPromise = sql<number>`(product.quantity - CAST(product.reserved AS SIGNED))`;
