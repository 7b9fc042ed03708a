import type { Kysely, Transaction } from 'kysely';
import { recordProductEvent } from '../audit/audit-trail.ts';
import { isDuplicateKey } from '../database/mysql-errors.ts';
import type { Catalogue } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import type { MovementActor } from '../stock/stock-movements.ts';
import type { MethodInput, ZoneInput } from './delivery-form.ts';
import { listMethods, MAX_METHODS, type ShopSettings } from './delivery-queries.ts';
import type { DeliveryMethod } from './delivery.ts';

const MAX_ZONES = 200;

export interface Area {
  /** Empty: everywhere else. */
  country: string;
  /** Empty: the rest of the country. */
  region: string;
}

export interface StoredZone {
  id: number;
  name: string;
  version: number;
  areas: Area[];
}

export interface StoredMethod extends DeliveryMethod {
  zoneId: number;
  version: number;
  isOffered: boolean;
}

export class DeliveryNotFoundError extends DomainError {
  constructor() {
    super({ code: 'delivery_not_found', status: 404, textKey: 'shopDelivery.errors.notFound' });
  }
}

/** Someone else saved it after the form was opened. */
export class DeliveryChangedError extends DomainError {
  constructor(field = 'name') {
    super({ code: 'delivery_changed', status: 409, textKey: 'shopDelivery.errors.changed', field });
  }
}

export class DeliveryNameTakenError extends DomainError {
  constructor() {
    super({
      code: 'delivery_name_taken',
      status: 422,
      textKey: 'shopDelivery.errors.nameTaken',
      field: 'name',
    });
  }
}

export class AreaTakenError extends DomainError {
  constructor({ country, region }: Area) {
    const values = { area: region || country || '*' };
    super({
      code: 'area_taken',
      status: 422,
      textKey: 'shopDelivery.errors.areaTaken',
      values,
      field: 'areas',
    });
  }
}

export async function listZones(db: Kysely<Catalogue>): Promise<StoredZone[]> {
  const zones = await db
    .selectFrom('delivery_zone')
    .select(['id', 'name', 'version'])
    .orderBy('id')
    .limit(MAX_ZONES)
    .execute();
  if (zones.length === 0) return [];
  const ids = zones.map(({ id }) => id);
  const areas = await db
    .selectFrom('delivery_area')
    .select(['zone_id as zone', 'country', 'region'])
    .where('zone_id', 'in', ids)
    .orderBy('country')
    .orderBy('region')
    .execute();
  const byZone = Map.groupBy(areas, ({ zone }) => zone);
  return zones.map((zone) => ({ ...zone, areas: byZone.get(zone.id) ?? [] }));
}

export interface ListedMethod {
  id: number;
  zoneId: number;
  name: string;
  freeFrom: number | null;
  isOffered: 0 | 1;
  cheapest: number | null;
}

export async function listAllMethods(db: Kysely<Catalogue>): Promise<ListedMethod[]> {
  return db
    .selectFrom('delivery_method')
    .leftJoin('delivery_rate', 'method_id', 'delivery_method.id')
    .select([
      'delivery_method.id',
      'zone_id as zoneId',
      'name',
      'free_from as freeFrom',
      'is_offered as isOffered',
    ])
    .select((eb) => eb.fn.min<number | null>('price').as('cheapest'))
    .groupBy('delivery_method.id')
    .orderBy('delivery_method.id')
    .limit(MAX_ZONES * MAX_METHODS)
    .execute();
}

/** @throws DeliveryNotFoundError */
export async function getZone(db: Kysely<Catalogue>, id: number): Promise<StoredZone> {
  const zone = await db
    .selectFrom('delivery_zone')
    .select(['id', 'name', 'version'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (!zone) throw new DeliveryNotFoundError();
  const areas = await db
    .selectFrom('delivery_area')
    .select(['country', 'region'])
    .where('zone_id', '=', id)
    .orderBy('country')
    .orderBy('region')
    .execute();
  return { ...zone, areas };
}

/** @throws DeliveryNotFoundError */
export async function getMethod(db: Kysely<Catalogue>, id: number): Promise<StoredMethod> {
  const row = await db
    .selectFrom('delivery_method')
    .select(['zone_id as zoneId', 'version', 'is_offered as isOffered'])
    .where('id', '=', id)
    .executeTakeFirst();
  const method = row && (await listMethods(db, row.zoneId)).find((one) => one.id === id);
  if (!method) throw new DeliveryNotFoundError();
  return { ...method, zoneId: row.zoneId, version: row.version, isOffered: row.isOffered === 1 };
}

/** @throws DeliveryNameTakenError, AreaTakenError */
export async function addZone(
  trx: Transaction<Catalogue>,
  { name, areas }: ZoneInput,
  actor: MovementActor,
): Promise<void> {
  const { insertId } = await unlessTaken(() =>
    trx.insertInto('delivery_zone').values({ name }).executeTakeFirstOrThrow(),
  );
  await insertAreas(trx, Number(insertId), areas);
  await record(trx, name, actor);
}

/** @throws DeliveryNotFoundError, DeliveryChangedError, DeliveryNameTakenError, AreaTakenError */
export async function changeZone(
  trx: Transaction<Catalogue>,
  id: number,
  { name, version, areas }: ZoneInput,
  actor: MovementActor,
): Promise<void> {
  const { numUpdatedRows } = await unlessTaken(() =>
    trx
      .updateTable('delivery_zone')
      .set({ name, version: version + 1 })
      .where('id', '=', id)
      .where('version', '=', version)
      .executeTakeFirstOrThrow(),
  );
  if (numUpdatedRows === 0n) {
    await getZone(trx, id);
    throw new DeliveryChangedError();
  }
  await trx.deleteFrom('delivery_area').where('zone_id', '=', id).execute();
  await insertAreas(trx, id, areas);
  await record(trx, name, actor);
}

async function insertAreas(trx: Transaction<Catalogue>, zone: number, areas: Area[]): Promise<void> {
  for (const area of areas) {
    try {
      await trx
        .insertInto('delivery_area')
        .values({ ...area, zone_id: zone })
        .execute();
    } catch (error) {
      if (isDuplicateKey(error)) throw new AreaTakenError(area);
      throw error;
    }
  }
}

export async function deleteZone(
  trx: Transaction<Catalogue>,
  id: number,
  actor: MovementActor,
): Promise<void> {
  const { name } = await getZone(trx, id);
  await trx.deleteFrom('delivery_zone').where('id', '=', id).execute();
  await record(trx, name, actor);
}

/** @throws DeliveryNotFoundError, DeliveryNameTakenError */
export async function addMethod(
  trx: Transaction<Catalogue>,
  zoneId: number,
  { rates, ...input }: MethodInput,
  actor: MovementActor,
): Promise<void> {
  await getZone(trx, zoneId);
  const { insertId } = await unlessTaken(() =>
    trx
      .insertInto('delivery_method')
      .values({ zone_id: zoneId, ...columnsOf(input) })
      .executeTakeFirstOrThrow(),
  );
  await insertRates(trx, Number(insertId), rates);
  await record(trx, input.name, actor);
}

/** @throws DeliveryNotFoundError, DeliveryChangedError, DeliveryNameTakenError */
export async function changeMethod(
  trx: Transaction<Catalogue>,
  id: number,
  { rates, version, ...input }: MethodInput,
  actor: MovementActor,
): Promise<void> {
  const { numUpdatedRows } = await unlessTaken(() =>
    trx
      .updateTable('delivery_method')
      .set({ ...columnsOf(input), version: version + 1 })
      .where('id', '=', id)
      .where('version', '=', version)
      .executeTakeFirstOrThrow(),
  );
  if (numUpdatedRows === 0n) {
    await getMethod(trx, id);
    throw new DeliveryChangedError();
  }
  await trx.deleteFrom('delivery_rate').where('method_id', '=', id).execute();
  await insertRates(trx, id, rates);
  await record(trx, input.name, actor);
}

async function insertRates(
  trx: Transaction<Catalogue>,
  method: number,
  rates: MethodInput['rates'],
): Promise<void> {
  const rows = rates.map(({ maxWeight, minAmount, price }, position) => ({
    ...{ method_id: method, position, max_weight: maxWeight, min_amount: minAmount, price },
  }));
  await trx.insertInto('delivery_rate').values(rows).execute();
}

export async function deleteMethod(
  trx: Transaction<Catalogue>,
  id: number,
  actor: MovementActor,
): Promise<void> {
  const { name } = await getMethod(trx, id);
  await trx.deleteFrom('delivery_method').where('id', '=', id).execute();
  await record(trx, name, actor);
}

/** @throws DeliveryChangedError */
export async function changeSettings(
  trx: Transaction<Catalogue>,
  { transferText, pickUpText, defaultWeight, deliveryTaxRate, version }: ShopSettings,
  actor: MovementActor,
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('shop_setting')
    .set({
      ...{ transfer_text: transferText, pick_up_text: pickUpText, default_weight: defaultWeight },
      ...{ delivery_tax_rate: deliveryTaxRate, version: version + 1 },
    })
    .where('id', '=', 1)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new DeliveryChangedError('transferText');
  await record(trx, '', actor);
}

function columnsOf(input: Omit<MethodInput, 'rates' | 'version'>) {
  const { name, carrier, trackingUrl, daysFrom, daysTo, freeFrom, takesCash, isOffered } = input;
  return {
    ...{ name, carrier, tracking_url: trackingUrl, days_from: daysFrom, days_to: daysTo },
    free_from: freeFrom,
    takes_cash: takesCash ? (1 as const) : (0 as const),
    is_offered: isOffered ? (1 as const) : (0 as const),
  };
}

async function unlessTaken<T>(save: () => Promise<T>): Promise<T> {
  try {
    return await save();
  } catch (error) {
    if (isDuplicateKey(error)) throw new DeliveryNameTakenError();
    throw error;
  }
}

async function record(trx: Transaction<Catalogue>, name: string, actor: MovementActor): Promise<void> {
  await recordProductEvent(trx, { action: 'delivery.changed', actor, target: { name } });
}
