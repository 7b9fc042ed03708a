import { datesIn } from '../locales/dates.ts';

const DAY_MS = 24 * 3600_000;
export const DAILY_HOUR = 7;

export function nextDailyDigest(now: Date, zone: string): Date {
  const { toWallClock } = datesIn('en', zone);
  const wall = toWallClock(now);
  const today = Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate(), DAILY_HOUR);
  const next = today > +wall ? today : today + DAY_MS;
  // Clocks may change in between.
  const guess = new Date(+now + (next - +wall));
  return new Date(+guess + (next - +toWallClock(guess)));
}
