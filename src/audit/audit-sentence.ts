import type { TFunction } from 'i18next';
import { typedNumber } from '../locales/typed-numbers.ts';
import type { AuditEvent } from './audit-queries.ts';

/** A failed sign-in names no one: the username is only a claim. */
export function whoDid({ action, username, isOfCustomer }: AuditEvent, t: TFunction): string {
  const isProven = action !== 'session.refused' && action !== 'session.limited';
  return (isProven && username) || t(isOfCustomer ? 'movement.actors.customer' : 'audit.someone');
}

export function sentenceOf(
  event: AuditEvent,
  t: TFunction,
  showValue: (field: string, value: unknown) => string,
): string {
  const { action, targetName } = event;
  const values: Record<string, unknown> = { ...event.details, target: targetName ?? '' };
  if (action.startsWith('account.')) {
    for (const name of ['role', 'from', 'to'])
      if (name in values) values[name] = t(`roles.${String(values[name])}`);
  }
  for (const name of ['quantity', 'from', 'to'])
    if (typeof values[name] === 'number') values[name] = typedNumber(values[name], t);
  if (action === 'product.edited') values.changes = changesIn(event.details, t, showValue);
  if (action === 'product.adjusted') {
    if (typeof values.purpose === 'string') return sentenceOfMove(values, t);
    values.delta = signed(Number(values.delta), t);
  }
  const sentence = t(`audit.sentences.${action}`, values);
  const count = Number(values.leftOut ?? 0);
  return count > 0 ? `${sentence} ${t('audit.leftOut', { count })}` : sentence;
}

function sentenceOfMove(values: Record<string, unknown>, t: TFunction): string {
  const delta = Number(values.delta);
  const said = [values.documentNumber, values.note].filter(Boolean).map((text) => shorten(String(text)));
  const reason = [t(`movement.reasons.${String(values.purpose)}`), ...said].join(' · ');
  return t(delta > 0 ? 'audit.received' : 'audit.tookOut', {
    ...values,
    amount: typedNumber(Math.abs(delta), t),
    reason,
  });
}

export function signed(delta: number, t: TFunction): string {
  return `${delta > 0 ? '+' : '−'}${typedNumber(Math.abs(delta), t)}`;
}

function shorten(text: string): string {
  const characters = Array.from(text);
  return characters.length > 80 ? `${characters.slice(0, 79).join('')}…` : text;
}

/** `changes` maps fields to `[before, after]`. */
function changesIn(
  details: AuditEvent['details'],
  t: TFunction,
  showValue: (field: string, value: unknown) => string,
): string {
  const changes = Object.entries((details?.changes ?? {}) as Record<string, [unknown, unknown]>);
  if (changes.length === 0) return t('audit.noChanges');
  const show = (field: string, value: unknown) => shorten(showValue(field, value)) || t('audit.nothing');
  return changes
    .map(([field, [from, to]]) =>
      t('audit.change', { field: t(`columns.${field}`), from: show(field, from), to: show(field, to) }),
    )
    .join('; ');
}
