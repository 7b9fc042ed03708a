export type TermKind =
  | 'one letter'
  | 'dense'
  | 'medium'
  | 'rare'
  | 'absent'
  | 'accented'
  | 'several words'
  | 'inside a word'
  | 'code prefix'
  | 'code inside'
  | 'with a filter'
  | 'sorted';

export interface SearchTerm {
  kind: TermKind;
  search: string;
  category?: string;
  availability?: 'available' | 'out_of_stock';
  sort?: string;
}

const plain = (kind: TermKind, ...searches: string[]): SearchTerm[] =>
  searches.map((search) => ({ kind, search }));

/** Fixed, so that figures of different versions can be compared. */
export const SEARCH_TERMS: readonly SearchTerm[] = [
  ...plain('one letter', 'a', 'x', 'ñ'),
  ...plain('dense', 'acero', 'con', 'resistente', 'ferretería', 'negro'),
  ...plain('medium', 'taladro', 'vidrio templado', 'lavanda', 'Sargadelos', 'frigorías'),
  ...plain('rare', 'quejigo', 'güisqui', 'xilófono', 'lapislázuli', 'urogallo', 'esgrima'),
  ...plain('absent', 'zzqwx', 'criptonita', 'aceroo', 'wqz'),
  ...plain('accented', 'lámpara', 'lampara', 'ñandú', 'SARTÉN', 'piñon'),
  ...plain('several words', 'tornillo acero', 'camiseta algodón azul', 'de para con', 'bota negro piel 42'),
  ...plain('several words', 'quejigo para', 'zz acero'),
  ...plain('inside a word', 'nillo', 'ferr', 'esti', 'ueji'),
  ...plain('code prefix', 'FER-0', 'ELC-0001', '84243', 'FER-000123'),
  ...plain('code inside', '00123', '-0004', '.0284.'),
  { kind: 'with a filter', search: 'acero', category: 'Ferretería' },
  { kind: 'with a filter', search: 'acero', availability: 'out_of_stock' },
  { kind: 'with a filter', search: 'de', category: 'Esgrima' },
  { kind: 'with a filter', search: 'quejigo', availability: 'available' },
  { kind: 'with a filter', search: 'resistente', category: 'Hogar', availability: 'out_of_stock' },
  { kind: 'sorted', search: 'acero', sort: 'name' },
  { kind: 'sorted', search: 'acero', sort: '-code' },
  { kind: 'sorted', search: 'de', sort: 'quantity' },
  { kind: 'sorted', search: 'para', sort: '-description' },
  { kind: 'sorted', search: 'taladro', sort: 'category' },
  { kind: 'sorted', search: 'negro', sort: 'unit' },
  { kind: 'sorted', search: 'ñ', sort: '-availability' },
  { kind: 'sorted', search: 'con', sort: 'number' },
  { kind: 'sorted', search: 'resistente', category: 'Ferretería', sort: '-quantity' },
  { kind: 'sorted', search: 'quejigo', sort: 'name' },
];

export function pathOf({ search, category, availability, sort }: Omit<SearchTerm, 'kind'>): string {
  const query = new URLSearchParams({ search });
  for (const [name, value] of Object.entries({ category, availability, sort })) {
    if (value) query.set(name, value);
  }
  return `/api/products?${query}`;
}
