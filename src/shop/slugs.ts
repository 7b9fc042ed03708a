const MAX_LENGTH = 80;
/** Letters that a decomposition does not take apart. */
const WRITTEN_OUT: Record<string, string> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ł: 'l', þ: 'th' };

/** "El niño y la Ñ" as "el-nino-y-la-n". Other scripts stay; empty if the text has neither letters nor digits. */
export function slugOf(text: string): string {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[ßæœøđłþ]/g, (letter) => WRITTEN_OUT[letter]!);
  const words = plain.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  return words.reduce((slug, word) => {
    const longer = slug ? `${slug}-${word}` : word;
    return longer.length <= MAX_LENGTH ? longer : slug;
  }, '');
}

/** With the number, which alone decides: names change and are not unique. */
export function productSlug({ id, name }: { id: number; name: string }): string {
  return [slugOf(name), id].filter(Boolean).join('-');
}

const ENDS_WITH_ID = /(?:^|-)([1-9]\d{0,9})$/;
const MAX_ID = 4_294_967_295;

export function idOfSlug(slug: string): number | undefined {
  const id = Number(ENDS_WITH_ID.exec(slug)?.[1]);
  return id <= MAX_ID ? id : undefined;
}

export interface ShopCategory {
  id: number;
  name: string;
  slug: string;
}

/** Of two categories whose names make the same slug, the older one has it, and the other one its number besides. */
export function withSlugs(categories: { id: number; name: string }[]): ShopCategory[] {
  const owners = new Map<string, number>();
  for (const { id, name } of categories) {
    const slug = slugOf(name);
    owners.set(slug, Math.min(id, owners.get(slug) ?? id));
  }
  return categories.map(({ id, name }) => {
    const slug = slugOf(name);
    return { id, name, slug: slug && owners.get(slug) === id ? slug : productSlug({ id, name }) };
  });
}
