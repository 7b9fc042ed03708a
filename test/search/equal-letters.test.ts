import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Kysely, MysqlDialect, sql, type RawBuilder, type SqlBool } from 'kysely';
import { createPool } from 'mysql2';
import type { Catalogue } from '../../src/database/tables.ts';
import { contains, equals, UNUSUAL } from '../../src/search/folded-sql.ts';
import { letters } from '../../src/search/letters.ts';
import { WRITTEN_AS } from '../../src/search/spelling.ts';
import { stack } from '../support/shared-stack.ts';

/** The planes with letters, the compatibility ideographs, tags and variation selectors. */
const RANGES = [
  [0x1, 0xd7ff],
  [0xe000, 0x1ffff],
  [0x2f800, 0x2fa1f],
  [0xe0000, 0xe01ef],
] as const;
const CHARACTERS = RANGES.flatMap(([first, last]) =>
  Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index)),
);
/** Format characters that Unicode has got since version 9, that of the collation, which takes them for signs. */
const NEW_FORMATS = /[\u0890\u0891\u{110cd}\u{13430}-\u{1343f}]/u;
const PAIRS_PER_STATEMENT = 250;

let db: Kysely<Catalogue>;

beforeAll(async () => {
  db = new Kysely({ dialect: new MysqlDialect({ pool: createPool(await stack.address('primary')) }) });
  await letters.learn(db, CHARACTERS);
});

afterAll(() => db.destroy());

async function isTrue(condition: RawBuilder<SqlBool>): Promise<boolean> {
  const { rows } = await sql<{ found: 0 | 1 }>`SELECT ${condition} AS found`.execute(db);
  return rows[0]!.found === 1;
}

const utf8 = (text: string) => `_utf8mb4 X'${Buffer.from(text).toString('hex')}'`;

const codes = (text: string) => Array.from(text, (letter) => letter.codePointAt(0)!.toString(16)).join(' ');

/** Pairs of texts that saving calls equal: each character with the first that is equal to it. */
async function equalCharacters(): Promise<[string, string][]> {
  const { rows } = await sql<{ same: string[] }>`
    SELECT JSON_ARRAYAGG(HEX(CONVERT(letter USING utf8mb4))) AS same
    FROM JSON_TABLE(
      ${JSON.stringify(CHARACTERS)}, '$[*]' COLUMNS (letter VARCHAR(1) COLLATE utf8mb4_es_0900_ai_ci PATH '$')
    ) AS letters
    GROUP BY letter HAVING COUNT(*) > 1`.execute(db);
  return rows.flatMap(({ same }) => {
    const [first, ...others] = same.map((bytes) => Buffer.from(bytes, 'hex').toString()).sort();
    return others.map((other): [string, string] => [first!, other]);
  });
}

const EXPANSIONS = ['ß ss', 'ẞ SS', 'æ ae', 'Æ ae', 'œ oe', 'Œ OE', 'þ th'].map((pair) => pair.split(' '));

/** Characters that saving calls equal to several: "ß" to "ss", "ﬁ" to "fi", "㎏" to "kg". */
async function equalExpansions(): Promise<[string, string][]> {
  const possible = [...EXPANSIONS, ...CHARACTERS.map((letter) => [letter, letter.normalize('NFKD')])];
  const { rows } = await sql<{ at: number }>`
    SELECT at - 1 AS at
    FROM JSON_TABLE(${JSON.stringify(possible)}, '$[*]' COLUMNS (
      at FOR ORDINALITY,
      one VARCHAR(9) COLLATE utf8mb4_es_0900_ai_ci PATH '$[0]',
      other VARCHAR(99) COLLATE utf8mb4_es_0900_ai_ci PATH '$[1]'
    )) AS pairs
    WHERE one = other`.execute(db);
  const pairs = rows.map(({ at }) => possible[at] as [string, string]);
  await letters.learn(db, pairs.flat());
  return pairs.filter(([one, other]) => one !== other);
}

let known: Promise<[string, string][]> | undefined;

const equalPairs = () =>
  (known ??= Promise.all([equalCharacters(), equalExpansions()]).then((pairs) => pairs.flat()));

test('the index folds to the same what saving calls equal', async () => {
  const pairs = await equalPairs();
  expect(pairs.length).toBeGreaterThan(9000);
  const apart = pairs.filter(([one, other]) => letters.fold(one) !== letters.fold(other));
  expect(apart.map(([one, other]) => `${codes(one)} = ${codes(other)}`)).toEqual([]);
});

test('the comparison in SQL finds what saving calls equal, and so does one without separators', async () => {
  const pairs = await equalPairs();
  await letters.learn(db, ['xY']);
  const apart: string[] = [];
  for (let from = 0; from < pairs.length; from += PAIRS_PER_STATEMENT) {
    const some = pairs.slice(from, from + PAIRS_PER_STATEMENT);
    const conditions = some.map(([one, other]) => {
      const text = utf8(`x${one}y`);
      const wanted = { text: `x${other}Y`, findsEnye: false };
      const found = [
        equals({ field: text }, wanted),
        contains({ field: text }, { ...wanted, findsEnye: !/ñ/iu.test(other) }),
        equals({ field: text }, { ...wanted, withoutSeparators: true }),
      ];
      return sql`(${sql.join(found, sql` AND `)})`;
    });
    const { rows } = await sql<{ found: number[] }>`
      SELECT JSON_ARRAY(${sql.join(conditions)}) AS found`.execute(db);
    rows[0]!.found.forEach((isFound, index) => {
      if (!isFound) apart.push(some[index]!.map(codes).join(' = '));
    });
  }
  expect(apart).toEqual([]);
}, 300_000);

test('leaves out every format character, soft hyphens among them', () => {
  const kept = CHARACTERS.filter((letter) => /\p{Cf}/u.test(letter) && letters.fold(letter) !== '');
  expect(kept.filter((letter) => !NEW_FORMATS.test(letter)).map(codes)).toEqual([]);
  expect(letters.fold('a\u00ADb\u200B\u2060c\uFEFF')).toBe('abc');
});

test('takes every kind of quote, dash and slash for the one on the keyboard, and only those', async () => {
  for (const [written, characters] of Object.entries(WRITTEN_AS)) {
    for (const character of characters)
      expect([character, letters.fold(character)]).toEqual([character, written]);
  }
  expect(letters.fold('d’Aquí – «½»')).toBe("d'aqui - ''1/2''");
  for (const [text, wanted] of [
    ['d´aquí', "D'AQUI"],
    ["d'aquí", 'd’aqui'],
    ['5″', '5"'],
    ['«x»', "''x''"],
    ['a‑b', 'a-b'],
    ['½', '1/2'],
  ]) {
    await letters.learn(db, [wanted!]);
    const isFound = await isTrue(equals({ field: utf8(text!) }, { text: wanted!, findsEnye: false }));
    expect([text, isFound]).toEqual([text, true]);
  }
});

test('leaves to LIKE only characters that it compares as the search does', () => {
  const unusual = new RegExp(UNUSUAL, 'u');
  const left = CHARACTERS.filter((letter) => !unusual.test(letter));
  expect(left.length).toBeGreaterThan(100);
  expect(left.filter((letter) => letter !== '\n' && !letters.isPlain(letter)).map(codes)).toEqual([]);
});

test('tells n and ñ apart, unless a word finds both', async () => {
  const find = (text: string, wanted: string, findsEnye: boolean) =>
    isTrue(contains({ field: utf8(text) }, { text: wanted, findsEnye }));
  expect(letters.fold('Ñandú n')).toBe('ñandu n');
  expect(await find('AÑO', 'ño', false)).toBe(true);
  expect(await find('AÑO', 'n', false)).toBe(false);
  expect(await find('AÑO', 'no', true)).toBe(true);
  expect(await find('ANO', 'ñ', false)).toBe(false);
});
