import { DEMO_CATALOGUE } from '../../../src/demo/demo-catalogue.ts';
import { Random } from './random.ts';
import { COLOURS, DEPARTMENTS, PHRASES, RARE_WORDS, SYLLABLES } from './words.ts';

export interface SeededProduct {
  code: string;
  name: string;
  description: string;
  category: string;
  quantity: number;
  unit: string;
}

interface Kind {
  name: string;
  variants: readonly string[];
  presentations: readonly string[];
  units: readonly string[];
  description?: string;
}

interface Department {
  category: string;
  codePrefix: string;
  kinds: readonly Kind[];
}

/** Products added together: consecutive ids and codes, one category, mostly one brand. */
interface Delivery {
  number: number;
  department: Department;
  brand: string;
  codeOf: (item: number) => string;
  size: number;
}

const BRANDS = 4000;
const SERIES = 120_000;
/** The last departments: a few products each in a million. */
const TINY = 5;
const TINY_SHARE = 0.0005;
const RARE_SHARE = 0.0008;
const OUT_OF_STOCK = 0.11;

const departments = [...ownDepartments().slice(0, -TINY), ...demoDepartments()];
const tinyDepartments = ownDepartments().slice(-TINY);

export const CATEGORIES = [...departments, ...tinyDepartments].map(({ category }) => category);

/** An endless shop catalogue, deterministic for a seed. */
export function* seededProducts(seed = 1): Generator<SeededProduct> {
  const random = new Random(seed);
  const codeCounts = new Map<string, number>();
  for (let number = 1; ; number++) {
    const delivery = nextDelivery(random, number, codeCounts);
    for (let item = 0; item < delivery.size; item++) {
      const isTiny = random.chance(TINY_SHARE);
      const department = isTiny ? random.pickRanked(tinyDepartments, 5) : delivery.department;
      yield { code: delivery.codeOf(item), ...product(random, department, delivery.brand) };
    }
  }
}

function nextDelivery(random: Random, number: number, codeCounts: Map<string, number>): Delivery {
  const department = random.pickRanked(departments, 1.8);
  const brand = inventedWord(random.rank(BRANDS), 2);
  // Most are small; a few are as large as a wholesaler's list.
  const size = 4 + Math.floor(800 * random.next() ** 4);
  return {
    number,
    department,
    brand,
    size,
    codeOf: codeStyle(random, { number, department, brand, codeCounts }),
  };
}

type CodeContext = Pick<Delivery, 'number' | 'department' | 'brand'> & { codeCounts: Map<string, number> };

/** Each style contains the delivery's number or a running count, so codes are unique. */
function codeStyle(
  random: Random,
  { number, department, brand, codeCounts }: CodeContext,
): Delivery['codeOf'] {
  const initials = brand.slice(0, 3).toUpperCase();
  const first = 1000 + random.below(8000);
  const step = 1 + random.below(5);
  const { codePrefix } = department;
  const styles: Delivery['codeOf'][] = [
    () => {
      const count = (codeCounts.get(codePrefix) ?? 0) + 1;
      codeCounts.set(codePrefix, count);
      return `${codePrefix}-${String(count).padStart(6, '0')}`;
    },
    (item) =>
      ean13(`84${String((number * 7919) % 100_000).padStart(5, '0')}${String(item).padStart(5, '0')}`),
    (item) => `${initials}${number}/${first + item * step}`,
    (item) =>
      `${initials.slice(0, 2)}${number.toString(36).toUpperCase()}-${first + item}${'KLMNPRST'[item % 8]}`,
    (item) => `${number}.${String(item * step).padStart(4, '0')}.${codePrefix}`,
  ];
  return styles[random.rank(styles.length, 1.5)]!;
}

function ean13(digits: string): string {
  const sum = Array.from(digits).reduce(
    (total, digit, index) => total + Number(digit) * (index % 2 ? 3 : 1),
    0,
  );
  return `${digits}${(10 - (sum % 10)) % 10}`;
}

function product(random: Random, department: Department, usualBrand: string): Omit<SeededProduct, 'code'> {
  const kind = random.pickRanked(department.kinds, 1.6);
  const brand = random.chance(0.8) ? usualBrand : inventedWord(random.rank(BRANDS), 2);
  const name = [kind.name, random.pickRanked(kind.variants, 1.5)];
  if (random.chance(0.75)) name.push(brand);
  if (random.chance(0.45)) name.push(inventedWord(random.rank(SERIES), 3));
  if (random.chance(0.25)) name.push(String(10 * (1 + random.rank(400))));
  if (random.chance(0.4)) name.push(random.pickRanked(COLOURS));
  const isRare = random.chance(RARE_SHARE);
  if (isRare && random.chance(0.5)) name.push(random.pick(RARE_WORDS));
  const sentences = describe(random, kind);
  if (isRare) sentences.push(`Motivo: ${random.pick(RARE_WORDS)}.`);
  return {
    name: `${name.join(' ')}, ${random.pick(kind.presentations)}`.slice(0, 100),
    description: sentences.join(' '),
    category: department.category,
    quantity: quantity(random),
    unit: random.pickRanked(kind.units),
  };
}

/** At most 25 words; empty for some products, as in real catalogues. */
function describe(random: Random, kind: Kind): string[] {
  if (random.chance(0.14)) return [];
  const { MATERIALS, USES, QUALITIES, NOTES } = PHRASES;
  const material = random.pickRanked(MATERIALS);
  const quality = random.pickRanked(QUALITIES);
  const sentences = [
    kind.description ?? `${kind.name} ${quality}, de ${material}.`,
    `Para ${random.pickRanked(USES)}.`,
    `${random.pickRanked(NOTES)}.`,
  ];
  if (random.chance(0.3)) sentences.shift();
  return sentences.slice(0, 1 + random.below(3));
}

function quantity(random: Random): number {
  if (random.chance(OUT_OF_STOCK)) return 0;
  const most = random.chance(0.03) ? 20_000 : 300;
  return 1 + Math.floor(most * random.next() ** 3);
}

/** A word unique to `index`. */
function inventedWord(index: number, syllables: number): string {
  const words = SYLLABLES.length ** syllables;
  // 7919 is coprime to the number of words, so neighbouring indexes start differently.
  let rest = (index * 7919 + 31) % words;
  let word = '';
  for (let i = 0; i < syllables; i++) {
    word += SYLLABLES[rest % SYLLABLES.length]!;
    rest = Math.floor(rest / SYLLABLES.length);
  }
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function ownDepartments(): Department[] {
  return DEPARTMENTS.map(({ category, codePrefix, kinds, ...shared }) => ({
    category,
    codePrefix,
    kinds: kinds.map((name) => ({ name, ...shared })),
  }));
}

function demoDepartments(): Department[] {
  return DEMO_CATALOGUE.map(({ kinds, ...department }) => ({
    ...department,
    kinds: kinds.map(({ unit, ...kind }) => ({ ...kind, units: [unit] })),
  }));
}
