import type { TFunction } from 'i18next';
import { formatNumber } from '../http/i18n.ts';
import { renderView } from '../http/views.ts';
import type { Language } from '../locales/languages.ts';
import { STOCK_LEVELS } from '../stock/stock-level.ts';
import type { Digest, DigestProduct } from './digest.ts';
import type { Mail } from './mailer.ts';

interface Reader {
  t: TFunction;
  language: Language;
  /** Of this installation, without a slash at its end. */
  publicUrl: string;
}

interface Section {
  title: string;
  lines: { name: string; code: string; left: string; url: string }[];
}

export async function writeDigest(
  { counts, products }: Digest,
  reader: Reader,
): Promise<Pick<Mail, 'subject' | 'text' | 'html'>> {
  const { t, language, publicUrl } = reader;
  const total = counts.out + counts.low + counts.enough;
  const page = {
    language,
    subject: subjectOf(counts, reader),
    sections: sectionsOf(products, reader),
    more: total > products.length ? countText('alerts.mail.more', total - products.length, reader) : '',
    links: [
      { text: t('alerts.mail.toOrder'), url: `${publicUrl}/to-order` },
      { text: t('alerts.mail.allLow'), url: `${publicUrl}/products?availability=low` },
      { text: t('alerts.mail.change'), url: `${publicUrl}/alerts` },
    ],
  };
  return { subject: page.subject, text: textOf(page), html: await renderView('alerts/digest-mail', page) };
}

function subjectOf({ out, low, enough }: Digest['counts'], reader: Reader): string {
  const parts = [
    out > 0 && countText('alerts.mail.out', out, reader),
    low > 0 && countText('alerts.mail.low', low, reader),
  ].filter((part) => part !== false);
  return parts.length > 0 ? parts.join(', ') : countText('alerts.mail.enough', enough, reader);
}

function sectionsOf(products: DigestProduct[], { t, language, publicUrl }: Reader): Section[] {
  const ofLevel = Map.groupBy(products, ({ level }) => level);
  const lineOf = ({ id, name, code, quantity, minimumStock, singular, plural }: DigestProduct) => {
    const amount = (value: number) =>
      `${formatNumber(value, language)} ${value === 1 ? singular : plural}`.trim();
    const values = { left: amount(quantity), minimum: amount(minimumStock) };
    const left = minimumStock > 0 ? t('alerts.mail.leftOf', values) : t('alerts.mail.left', values);
    return { name, code, left, url: `${publicUrl}/products/${id}` };
  };
  return STOCK_LEVELS.filter((level) => ofLevel.has(level)).map((level) => ({
    title: t(`alerts.mail.levels.${level}`),
    lines: ofLevel.get(level)!.map(lineOf),
  }));
}

function countText(key: string, count: number, { t, language }: Reader): string {
  return t(key, { count, formatted: formatNumber(count, language) });
}

function textOf({
  sections,
  more,
  links,
}: {
  sections: Section[];
  more: string;
  links: { text: string; url: string }[];
}): string {
  const parts = sections.map(({ title, lines }) =>
    [
      title.toUpperCase(),
      ...lines.map(({ name, code, left, url }) => `- ${name} (${code}): ${left}\n  ${url}`),
    ].join('\n'),
  );
  const foot = links.map(({ text, url }) => `${text}: ${url}`).join('\n');
  return [...parts, more, foot].filter(Boolean).join('\n\n') + '\n';
}
