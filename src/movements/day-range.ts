import type { Dates } from '../locales/dates.ts';

export interface DayRange {
  from: Date | undefined;
  /** The first moment after. */
  until: Date | undefined;
  /** Text keys, by the name of the field. */
  errors: Record<string, string>;
}

/** Days as date fields send them; empty for none. */
export function readDays(fields: { from: string; to: string }, dates: Dates): DayRange {
  const errors: Record<string, string> = {};
  for (const name of ['from', 'to'] as const) {
    if (fields[name] && !isDay(fields[name])) errors[name] = 'movement.errors.date';
  }
  if (!errors.from && !errors.to && fields.from && fields.to && fields.from > fields.to)
    errors.to = 'movement.errors.dateOrder';
  const moment = (day: string) => (day && isDay(day) ? dates.startOfDay(day) : undefined);
  return { from: moment(fields.from), until: moment(dayAfter(fields.to)), errors };
}

/** A day of the calendar, in the years that MySQL and spreadsheets know. */
function isDay(day: string): boolean {
  if (!/^(19|2\d)\d\d-\d\d-\d\d$/.test(day)) return false;
  const time = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
}

function dayAfter(day: string): string {
  if (!isDay(day)) return '';
  return new Date(Date.parse(`${day}T00:00:00Z`) + 24 * 3600_000).toISOString().slice(0, 10);
}
