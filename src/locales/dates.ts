import type { Language } from './languages.ts';

export interface Dates {
  /** IANA name. */
  zone: string;
  formatDate: (date: Date) => string;
  /** With seconds, without the day. */
  formatTime: (date: Date) => string;
  /** As a spreadsheet of the language reads a date in a text file, to the minute. */
  formatForCsv: (date: Date) => string;
  /** What a clock in the zone shows, as the UTC fields of a Date. */
  toWallClock: (date: Date) => Date;
  /** @param day as `2026-03-29`; it may begin after midnight, where clocks change at night */
  startOfDay: (day: string) => Date;
}

/** Creating Intl formatters takes as long as a query. There are some 600 names of zones; most installations see one. */
const MAX_CACHED = 100;
const cache = new Map<string, Dates>();

export function findTimeZone(name: unknown): string | undefined {
  // Intl also accepts offsets, of which there are thousands.
  if (typeof name !== 'string' || !/^[a-z][\w+/-]{1,49}$/i.test(name)) return undefined;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    // Not the resolved name: ICU's own are dated, such as Asia/Katmandu.
    return name;
  } catch {
    return undefined;
  }
}

export const machineTimeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** @param zone as `findTimeZone` returns it */
export function datesIn(language: Language, zone: string): Dates {
  const key = `${language} ${zone}`;
  const known = cache.get(key);
  if (known) return known;
  const dates = createDates(language, zone);
  if (cache.size >= MAX_CACHED) cache.delete(cache.keys().next().value!);
  cache.set(key, dates);
  return dates;
}

function createDates(language: Language, timeZone: string): Dates {
  const dates = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', timeZone });
  const times = new Intl.DateTimeFormat(language, { timeStyle: 'medium', timeZone });
  const offsetAt = offsetsOf(timeZone);
  const toWallClock = (date: Date) => new Date(date.getTime() + offsetAt(date));
  return {
    zone: timeZone,
    formatDate: (date) => dates.format(date),
    formatTime: (date) => times.format(date),
    formatForCsv: (date) => csvDate(language, toWallClock(date).toISOString()),
    toWallClock,
    startOfDay: (day) => {
      const midnight = Date.parse(day);
      const offsets = [-DAY_MS, DAY_MS].map((distance) => offsetAt(new Date(midnight + distance)));
      const candidates = offsets.map((offset) => new Date(midnight - offset)).sort((a, b) => +a - +b);
      return candidates.find((date) => +toWallClock(date) >= midnight) ?? candidates.at(-1)!;
    },
  };
}

/** Day first for Spanish; English spreadsheets disagree on day and month, but all read the ISO order. */
function csvDate(language: Language, iso: string): string {
  const [year, month, day] = iso.slice(0, 10).split('-');
  const time = iso.slice(11, 16);
  return language === 'es' ? `${day}/${month}/${year} ${time}` : `${year}-${month}-${day} ${time}`;
}

const DAY_MS = 24 * 3600_000;
const QUARTER_HOUR_MS = 15 * 60_000;

/** Offsets from UTC in milliseconds. They change at full quarters of an hour only, so an export asks Intl seldom. */
function offsetsOf(timeZone: string): (date: Date) => number {
  const names = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  let lastQuarter = NaN;
  let last = 0;
  return (date) => {
    const quarter = Math.floor(date.getTime() / QUARTER_HOUR_MS);
    if (quarter === lastQuarter) return last;
    const [, sign = '+', hours = '0', minutes = '0'] =
      /GMT([+-])(\d\d):(\d\d)/.exec(names.format(date)) ?? [];
    lastQuarter = quarter;
    last = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
    return last;
  };
}
