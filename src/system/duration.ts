import type { TFunction } from 'i18next';

const UNITS = [
  { seconds: 86_400, textKey: 'system.days' },
  { seconds: 3600, textKey: 'system.hours' },
  { seconds: 60, textKey: 'system.minutes' },
] as const;

/** `0.4 s`, `12 s`, `90 min`: in the largest unit with a value of at least 2. */
export function durationText(t: TFunction, language: string, seconds: number): string {
  const unit = UNITS.find((candidate) => seconds >= 2 * candidate.seconds) ?? {
    seconds: 1,
    textKey: 'system.seconds',
  };
  const maximumFractionDigits = seconds < 10 ? 1 : 0;
  const formatted = new Intl.NumberFormat(language, { maximumFractionDigits }).format(seconds / unit.seconds);
  return t(unit.textKey, { formatted });
}
