import { sql, type Kysely, type Transaction } from 'kysely';
import { recordProductEvent } from '../audit/audit-trail.ts';
import type { Catalogue } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import type { Unit } from '../products/unit-queries.ts';
import type { MovementActor } from '../stock/stock-movements.ts';

export class UnitNotFoundError extends DomainError {
  constructor() {
    super({ code: 'unit_not_found', status: 404, textKey: 'errors.unitNotFound' });
  }
}

/** Quantities of products, also of deleted ones, have more decimals. */
export class DecimalsInUseError extends DomainError {
  constructor() {
    const textKey = 'units.errors.inUse';
    super({ code: 'decimals_in_use', status: 409, textKey, field: 'decimals' });
  }
}

/** @throws UnitNotFoundError */
export async function getUnit(db: Kysely<Catalogue>, code: string): Promise<Unit> {
  const unit = await selectUnit(db, code).executeTakeFirst();
  if (!unit) throw new UnitNotFoundError();
  return unit;
}

/** @throws UnitNotFoundError, DecimalsInUseError */
export async function saveUnit(
  trx: Transaction<Catalogue>,
  { code, singular, plural, decimals }: Unit,
  actor: MovementActor,
): Promise<void> {
  // A quantity with decimals is saved under a shared lock of its unit.
  const current = await selectUnit(trx, code).forUpdate().executeTakeFirst();
  if (!current) throw new UnitNotFoundError();
  const isSame = current.singular === singular && current.plural === plural && current.decimals === decimals;
  if (isSame) return;
  if (decimals < current.decimals && (await isFiner(trx, current.code, decimals)))
    throw new DecimalsInUseError();
  await trx
    .updateTable('unit')
    .set({ singular, plural, decimals })
    .where('code', '=', current.code)
    .execute();
  await recordProductEvent(trx, {
    action: 'unit.changed',
    actor,
    target: { name: current.code },
    details: { singular, plural, decimals },
  });
}

function selectUnit(db: Kysely<Catalogue>, code: string) {
  return db.selectFrom('unit').select(['code', 'singular', 'plural', 'decimals']).where('code', '=', code);
}

/** Reads what is committed now: this transaction's snapshot is older than its lock. */
async function isFiner(trx: Transaction<Catalogue>, unit: string, decimals: number): Promise<boolean> {
  const { rows } = await sql`
    (SELECT /*+ MAX_EXECUTION_TIME(30000) */ id FROM product
     WHERE unit = ${unit} AND rounded_up > 0 AND on_hand <> ROUND(on_hand, ${decimals}) LIMIT 1 FOR SHARE)
    UNION ALL
    (SELECT id FROM deleted_product
     WHERE unit = ${unit} AND rounded_up > 0 AND on_hand <> ROUND(on_hand, ${decimals}) LIMIT 1 FOR SHARE)`.execute(
    trx,
  );
  return rows.length > 0;
}
