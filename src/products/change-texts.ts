import type { Request, Response } from 'express';
import type { TFunction } from 'i18next';
import { isAdmitted } from '../auth/access.ts';
import { ROUTE_PERMISSIONS } from '../auth/route-permissions.ts';
import type { Databases } from '../database/databases.ts';
import type { FromJson } from '../database/run-once.ts';
import { findUsernames } from '../directory/usernames.ts';
import { formText, hiddenText, shownText } from './field-texts.ts';
import type { Deletion } from './product-errors.ts';
import type { SavedChange } from './saved-changes.ts';

const MAX_SHOWN = 40;
/** Of a cookie's four thousand, encoded. */
const MAX_NOTES_LENGTH = 2000;

export interface ToldChange extends Omit<FromJson<SavedChange>, 'by' | 'from' | 'to'> {
  from: string | null;
  to: string;
  /** The saved value, as a hidden field and as a visible one hold it. */
  seen: string;
  typed: string;
  who: string;
  at: Date | undefined;
}

export async function tellChanges(
  databases: Databases,
  req: Request,
  changes: FromJson<SavedChange>[],
): Promise<ToldChange[]> {
  if (changes.length === 0) return [];
  const ids = changes.flatMap(({ by }) => by?.userId ?? []);
  const names = await databases.directory.readReplica(req.principal!, (db) => findUsernames(db, ids));
  const shown = (field: SavedChange['field'], value: string | number) =>
    shownText(field, value, req.language);
  return changes.map(({ by, field, from, to }) => ({
    field,
    from: from === null ? null : shown(field, from),
    to: shown(field, to),
    seen: hiddenText(field, to, req.language),
    typed: formText(field, to, req.language),
    who: names.get(by?.userId ?? 0) ?? req.t('product.someoneElse'),
    at: by ? new Date(by.at) : undefined,
  }));
}

/** Sentences for the flash cookie, without the values if these are too long for it. */
export function notesOf(req: Request, changes: ToldChange[]): string[] {
  const field = (change: ToldChange) => req.t(`columns.${change.field}`);
  const full = changes.map((change) =>
    change.from === null
      ? req.t('product.takenUnknown', { who: change.who, field: field(change) })
      : req.t('product.taken', {
          who: change.who,
          field: field(change),
          from: shorten(change.from, req),
          to: shorten(change.to, req),
        }),
  );
  if (encodeURIComponent(full.join()).length <= MAX_NOTES_LENGTH) return full;
  return changes.map((change) => req.t('product.takenUnknown', { who: change.who, field: field(change) }));
}

function shorten(value: string, req: Request): string {
  if (value === '') return req.t('audit.nothing');
  const characters = Array.from(value);
  return characters.length > MAX_SHOWN ? `${characters.slice(0, MAX_SHOWN - 1).join('')}…` : value;
}

export interface ToldDeletion {
  text: string;
  isRestorable: boolean;
}

export async function tellDeletion(
  databases: Databases,
  req: Request,
  deletion: Deletion | FromJson<Deletion>,
): Promise<ToldDeletion> {
  const { deletedBy, deletedAt, name, isRestorable } = deletion;
  const names = await databases.directory.readReplica(req.principal!, (db) => findUsernames(db, [deletedBy]));
  const { formatDate } = (req.res as Response).locals as { formatDate: (date: Date) => string };
  const who = names.get(deletedBy) ?? req.t('product.someoneElse');
  return {
    text: req.t('product.deletedBy', { who, name, date: formatDate(new Date(deletedAt)) }),
    isRestorable:
      isRestorable && isAdmitted(req.principal, ROUTE_PERMISSIONS['POST /products/:id/restore-and-save']),
  };
}

/** Whom to write to: what is left is for the oldest orders. */
export function shortNotes(orders: string[] | undefined, t: TFunction): string[] {
  return orders && orders.length > 0
    ? [t('product.shortOrders', { orders: orders.slice(0, 10).join(', ') })]
    : [];
}
