import type { TFunction } from 'i18next';
import { formatNumber } from '../http/i18n.ts';
import { renderView } from '../http/views.ts';
import type { Language } from '../locales/languages.ts';
import type { Mail } from '../mail/mailer.ts';
import type { Digest, DigestProduct } from './digest.ts';

interface Reader {
  t: TFunction;
  language: Language;
  /** Of this installation, without a slash at its end. */
  publicUrl: string;
}

interface Section {
  title: string;
  lines: { name: string; code: string; left: string; minimum: string; url: string }[];
}

export async function writeDigest(
  { counts, products }: Digest,
  reader: Reader,
): Promise<Pick<Mail, 'subject' | 'text' | 'html'>> {
  const { t, language, publicUrl } = reader;
  const total = counts.out + counts.low;
  const page = {
    language,
    subject: subjectOf(counts, reader),
    sections: sectionsOf(products, reader),
    more: total > products.length ? countText('alerts.mail.more', total - products.length, reader) : '',
    links: [
      { text: t('alerts.mail.toOrder'), url: `${publicUrl}/to-order` },
      ...(counts.out > 0
        ? [{ text: t('alerts.mail.allOut'), url: `${publicUrl}/products?availability=out_of_stock` }]
        : []),
      ...(counts.low > 0
        ? [{ text: t('alerts.mail.allLow'), url: `${publicUrl}/products?availability=low` }]
        : []),
      { text: t('alerts.mail.change'), url: `${publicUrl}/alerts` },
    ],
  };
  return { subject: page.subject, text: textOf(page), html: await renderView('alerts/digest-mail', page) };
}

function subjectOf({ out, low }: Digest['counts'], reader: Reader): string {
  if (out === 0) return countText('alerts.mail.onlyLow', low, reader);
  const parts = [countText('alerts.mail.out', out, reader)];
  if (low > 0) parts.push(countText('alerts.mail.andLow', low, reader));
  return parts.join(', ');
}

function sectionsOf(products: DigestProduct[], { t, language, publicUrl }: Reader): Section[] {
  const ofLevel = Map.groupBy(products, ({ level }) => level);
  const lineOf = ({ id, name, code, quantity, minimumStock, singular, plural }: DigestProduct) => {
    const amount = (value: number) =>
      `${formatNumber(value, language)} ${value === 1 ? singular : plural}`.trim();
    const minimum = minimumStock > 0 ? t('alerts.mail.minimum', { minimum: amount(minimumStock) }) : '';
    return { name, code, left: amount(quantity), minimum, url: `${publicUrl}/products/${id}` };
  };
  return [...ofLevel].map(([level, some]) => ({
    title: t(`alerts.mail.levels.${level}`),
    lines: some.map(lineOf),
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
      ...lines.map(({ name, code, left, minimum, url }) => {
        const amounts = minimum ? `${left} (${minimum})` : left;
        return `- ${name} (${code}): ${amounts}\n  ${url}`;
      }),
    ].join('\n'),
  );
  const foot = links.map(({ text, url }) => `${text}: ${url}`).join('\n');
  return [...parts, more, foot].filter(Boolean).join('\n\n') + '\n';
}
