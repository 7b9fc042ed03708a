import type { TFunction } from 'i18next';
import type { Transaction } from 'kysely';
import { z } from 'zod';
import type { Permission } from '../auth/permissions.ts';
import type { Directory } from '../database/tables.ts';
import { readForm, type FormResult } from '../http/forms.ts';
import { LIST_COLUMNS, LIST_FIELDS, type ListColumn } from './list-columns.ts';
import { PAGE_SIZE } from './product-page.ts';

export const PAGE_SIZES = [25, PAGE_SIZE, 100];

const DEFAULTS = { columns: {}, pageSize: PAGE_SIZE, hasShortcuts: true };

/** Lenient: what an earlier or later version stored must not break the list. */
const storedChoices = z
  .object({
    columns: z.record(z.string(), z.unknown()).catch(DEFAULTS.columns),
    pageSize: z.literal(PAGE_SIZES).catch(DEFAULTS.pageSize),
    hasShortcuts: z.boolean().catch(DEFAULTS.hasShortcuts),
  })
  .catch(DEFAULTS);

/** What a person chose for the list. `columns` says which are shown; a new field is in none yet. */
export type ListChoices = z.output<typeof storedChoices>;

const choicesForm = z.object({
  pageSize: z.enum(PAGE_SIZES.map(String) as [string, ...string[]], 'list.errors.pageSize').transform(Number),
});

export function readListChoices(stored: unknown): ListChoices {
  return storedChoices.parse(stored ?? {});
}

export function readChoicesForm(body: unknown, t: TFunction): FormResult<ListChoices> {
  const { columns, hasShortcuts } = typedChoices(body);
  const form = readForm(choicesForm, body, t);
  return form.ok ? { ok: true, data: { columns, hasShortcuts, ...form.data } } : form;
}

export function typedChoices(body: unknown): ListChoices {
  const typed = (body ?? {}) as Record<string, unknown>;
  const ticked = [typed.columns].flat();
  const columns = Object.fromEntries(LIST_COLUMNS.map(({ name }) => [name, ticked.includes(name)]));
  return readListChoices({
    columns,
    pageSize: Number(typed.pageSize),
    hasShortcuts: typed.shortcuts === 'on',
  });
}

export function isShown({ columns }: ListChoices, column: ListColumn): boolean {
  const chosen = columns[column.name];
  return column.isAlwaysShown || (typeof chosen === 'boolean' ? chosen : !column.isHiddenAtFirst);
}

type Permissions = ReadonlySet<Permission>;

function columnsFor(permissions: Permissions): ListColumn[] {
  return LIST_COLUMNS.filter(({ permission }) => !permission || permissions.has(permission));
}

export function listView(choices: ListChoices, permissions: Permissions) {
  const columns = columnsFor(permissions).filter((column) => isShown(choices, column));
  const shown = new Set<string>(columns.map(({ name }) => name));
  const fields = LIST_FIELDS.filter(({ key }) => shown.has(key));
  return { columns, shown, fields, ...choicesView(choices, permissions) };
}

export function choicesView(choices: ListChoices, permissions: Permissions) {
  return {
    choices,
    choosable: columnsFor(permissions).map((column) => ({ ...column, isShown: isShown(choices, column) })),
    pageSizes: PAGE_SIZES,
    defaultPageSize: PAGE_SIZE,
  };
}

export async function saveListChoices(
  trx: Transaction<Directory>,
  userId: number,
  choices: ListChoices,
): Promise<void> {
  await trx
    .updateTable('user')
    .set({ list_choices: JSON.stringify(choices) })
    .where('id', '=', userId)
    .execute();
}
