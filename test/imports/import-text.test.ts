import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseRecords, readRecords } from '../../src/spreadsheets/csv-records.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { apply, page, preview, problems, readAgain, stateOf, workbook } from '../support/import-files.ts';

let client: Client;
beforeAll(async () => (client = await Client.signedIn()));

const HEADER = 'Código;Nombre;Cantidad';
const csv = (...rows: string[]) => [HEADER, ...rows].join('\r\n');

test('a quote that closes nowhere is a problem of the row where it opens; the other rows are read', async () => {
  const code = uniqueCode();
  const file = csv(
    `${code}-1;"Tubo 3;3`,
    `${code}-2;Otro;4`,
    `${code}-3;"Codo 4;"5"`,
    `${code}-4;"Fin"" de fila;6`,
  );
  const { id, totals } = await preview(client, file);
  expect(totals).toEqual({ new: 1, changed: 0, unchanged: 0, wrong: 3 });
  const open = 'Columna «Nombre»: Unas comillas se abren y no se cierran. Ciérrelas o quítelas.';
  expect(await problems(client, id)).toEqual([
    `${open} («"Tubo 3»)`,
    `${open} («"Codo 4»)`,
    `${open} («"Fin"" de fila»)`,
  ]);
  expect(await page(client, id, '?kind=wrong')).toMatch(/Fila 2<.*Fila 4<.*Fila 5</s);
  await apply(client, id);
  expect(await client.findByCode(`${code}-2`)).toMatchObject({ name: 'Otro', quantity: 4 });
});

test('a quote that closes rows later is a problem of the row where it opens', async () => {
  const code = uniqueCode();
  const rows = [`${code}-1;"Tubo 3;3`, `${code}-2;Otro;4`, `${code}-3;Codo 4";5`, `${code}-4;Fin;6`];
  const { id, totals } = await preview(client, csv(...rows));
  expect(totals).toEqual({ new: 1, changed: 0, unchanged: 0, wrong: 1 });
  expect(await problems(client, id)).toEqual([
    expect.stringMatching(
      /^Columna «Nombre»: Unas comillas se abren aquí y se cierran 2 filas más abajo.*«Tubo 3;3 ⏎ /,
    ),
  ]);
});

test('quotes that are not closed for long are named with their row, in the headings too', async () => {
  const rows = Array.from({ length: 30_000 }, (_, index) => `A-${index};Tubo;1`).join('\n');
  for (const [file, line] of [
    [`${HEADER}\nA;"Tubo;3\n${rows}`, 2],
    [`Código;"Nombre;Cantidad\n${rows}`, 1],
  ] as const) {
    const { id } = await preview(client, file);
    expect(await page(client, id)).toContain(
      `La fila ${line} es demasiado larga. Quizá falte cerrar unas comillas.`,
    );
  }
});

test('spaces beside quotes belong to no cell; quotes within a text do', async () => {
  const code = uniqueCode();
  const file = csv(
    `"${code}-1" ; "Uno" ;3`,
    `${code}-2;Tubo de 3";4`,
    `${code}-3;"Tubo de 3" de cobre";5`,
    `${code}-4;"La Favorita" aceite;6`,
    `${code}-5;"Uno ""dos""; tres";7`,
  );
  const { id, totals } = await preview(client, file);
  expect(totals).toMatchObject({ new: 5, wrong: 0 });
  await apply(client, id);
  for (const [end, name] of [
    ['1', 'Uno'],
    ['2', 'Tubo de 3"'],
    ['3', 'Tubo de 3" de cobre'],
    ['4', '"La Favorita" aceite'],
    ['5', 'Uno "dos"; tres'],
  ])
    expect(await client.findByCode(`${code}-${end}`)).toMatchObject({ name });
});

test('rows are the same however the file is cut', async () => {
  const pieces = fc.constantFrom('"', '""', 'a', ';', ' ', '\n', '\r\n', '\r', '";"');
  await fc.assert(
    fc.asyncProperty(
      fc.array(pieces, { maxLength: 20 }),
      fc.integer({ min: 1, max: 5 }),
      async (all, size) => {
        const text = all.join('');
        async function* chunks() {
          for (let at = 0; at < text.length; at += size)
            yield await Promise.resolve(text.slice(at, at + size));
        }
        const found = [];
        for await (const records of readRecords(chunks(), ';')) found.push(...records);
        expect(found).toEqual(parseRecords(text, ';', { isLast: true }).records);
      },
    ),
    { numRuns: 500 },
  );
});

test('a line break is a problem in code, category and unit, and shown in name and description', async () => {
  const code = uniqueCode();
  const rows = [
    `"${code}\n-1";Uno;;Otros;caja`,
    `${code}-2;Dos;;"Jar\ndín";caja`,
    `${code}-3;Tres;;Otros;"ca\r\nja"`,
    `${code}-4;"Tubo\nlargo";"uno\ndos; tres";Otros;"caja\n"`,
  ];
  const { id, totals } = await preview(
    client,
    ['Código;Nombre;Descripción;Categoría;Unidad', ...rows].join('\n'),
  );
  expect(totals).toMatchObject({ new: 1, wrong: 3 });
  const reason = 'El dato contiene un salto de línea. Escríbalo en una sola línea.';
  expect(await problems(client, id)).toEqual([
    `Columna «Código»: ${reason} («${code} ⏎ -1»)`,
    `Columna «Categoría»: ${reason} («Jar ⏎ dín»)`,
    `Columna «Unidad»: ${reason} («ca ⏎ ja»)`,
  ]);
  const shown = await page(client, id, '?kind=new');
  expect(shown).toContain('Un nombre tiene saltos de línea, que se leen como espacios: Fila 5.');
  expect(shown).toContain('<p class="import-description">uno\ndos; tres</p>');
});

const LOST = [
  ['8,41235E+12', 'La hoja de cálculo abrevió el número y perdió cifras. Dé formato de texto a la columna'],
  ['8.41E+12', 'La hoja de cálculo abrevió el número'],
  ['########', 'La hoja de cálculo guardó # en lugar del dato, porque la columna era estrecha.'],
  ...['#N/A', '#N/D', '#REF!', '#¡REF!', '#NAME?', '#¿NOMBRE?', '#¡VALOR!', '#VALUE!', '#DIV/0!', '#¡DIV/0!'],
  ...['#NULL!', '#¡NULO!', '#¡NUM!', '#SPILL!', '#¡DESBORDAMIENTO!', '#CALC!', 'Err:502'],
].map((one) =>
  typeof one === 'string'
    ? [one, 'La celda contiene un error de la hoja de cálculo. Dé formato de texto a la columna']
    : one,
) as [string, string][];

test('a value that a spreadsheet lost is a problem that says how to get it back, in CSV and Excel', async () => {
  const code = uniqueCode();
  const rows = LOST.map(([text], index) =>
    index % 2 ? [`${code}-${index}`, text, '1'] : [text, 'Nombre', '1'],
  );
  const whole = [...rows, [`1E5-${code}`, '#1 Limpiador', '1']];
  for (const file of [
    csv(...whole.map((cells) => cells.join(';'))),
    await workbook({ Hoja: [HEADER.split(';'), ...whole] }),
  ]) {
    const { id, totals } = await preview(client, file);
    expect(totals).toMatchObject({ new: 1, wrong: LOST.length });
    const found = await problems(client, id);
    for (const [index, [text, reason]] of LOST.entries()) {
      expect(found[index]).toContain(reason);
      expect(found[index]).toContain(`(«${text}»)`);
    }
  }
});

const BAD = Buffer.from([0xf1]);
const withBadByte = (code: string, start = '') =>
  Buffer.concat([
    Buffer.from(`${start}codigo;nombre;categoria;cantidad\n${code}-1;Cañón;Jardín;3\n${code}-2;malo `),
    BAD,
    Buffer.from(' byte;Otros;1\n'),
  ]);

test.each(['', '\ufeff'])(
  'UTF-8 with a bad byte stays UTF-8, and its cell is a problem (mark: "%s")',
  async (mark) => {
    const code = uniqueCode();
    const { id, totals } = await preview(client, withBadByte(code, mark));
    expect(totals).toEqual({ new: 1, changed: 0, unchanged: 0, wrong: 1 });
    expect(await problems(client, id)).toEqual([
      'Columna «nombre»: Un carácter no se pudo leer (\ufffd). Corríjalo en el archivo o elija otra codificación. («malo \ufffd byte»)',
    ]);
    expect(await page(client, id, '?kind=new')).toContain('Cañón');
  },
);

test('a character that the program lost which wrote the file is a problem of its cell', async () => {
  const code = uniqueCode();
  const { id } = await preview(client, Buffer.from(`codigo;nombre\n${code};Caf\ufffd\n`));
  expect(await problems(client, id)).toEqual([
    'Columna «nombre»: Un carácter no se pudo leer (\ufffd). Corríjalo en el archivo o elija otra codificación. («Caf\ufffd»)',
  ]);
});

test('with a byte order mark it is UTF-8 whatever comes', async () => {
  const code = uniqueCode();
  const file = Buffer.concat([Buffer.from(`\ufeffcodigo;nombre\n${code};Espa`), BAD, Buffer.from('a\n')]);
  const { id, totals } = await preview(client, file);
  expect(totals).toMatchObject({ new: 0, wrong: 1 });
  expect(await page(client, id)).toContain('<option value="utf-8" selected>');
});

const macRoman = (text: string) =>
  Buffer.from(text.replaceAll('ñ', '\x96').replaceAll('í', '\x92'), 'latin1');

test('letters that look wrong are asked about, with a sample, before anything can be applied', async () => {
  const code = uniqueCode();
  const { id } = await preview(client, macRoman(`codigo;nombre\n${code};España\n${code}-2;Jardín\n`));
  const asked = await page(client, id);
  expect(asked).toContain('¿Se leen bien las letras? Elija la codificación antes de aplicar los cambios.');
  expect(asked).toContain('Como Mac Roman se lee así: «España, Jardín».');
  expect(asked).toContain('<option value="windows-1252" >Windows-1252: Espa–a, Jard’n</option>');
  expect(asked).not.toContain(`action="/imports/${id}/apply"`);
  // A forged request for the first preview.
  await client.post(`/imports/${id}/apply`, { reading: 1 });
  expect((await stateOf(client, id)).state).toBe('preview');

  await readAgain(client, id, { encoding: 'macintosh' });
  expect(await page(client, id)).not.toContain('¿Se leen bien las letras?');
  expect((await apply(client, id)).state).toBe('applied');
  expect(await client.findByCode(code)).toMatchObject({ name: 'España' });
});

test('letters that only end words are asked about, too', async () => {
  const file = Buffer.from(`codigo;nombre\n${uniqueCode()};Caf\x8e\n`, 'latin1');
  const { id } = await preview(client, file);
  expect(await page(client, id)).toContain('Como Mac Roman se lee así: «Café».');
});

test('letters of a code page of DOS are asked about; an apostrophe among Latin-1 letters is not', async () => {
  const dos = await preview(client, Buffer.from(`codigo;nombre\n${uniqueCode()};Espa\xa4a\n`, 'latin1'));
  expect(await page(client, dos.id)).toContain('se lee así: «Espa¤a».');
  const file = Buffer.from(`codigo;nombre\n${uniqueCode()};D\x92Artagnan, España, Jardín\n`, 'latin1');
  const latin = await preview(client, file);
  const shown = await page(client, latin.id);
  expect(shown).toContain('Todo listo para aplicar.');
  expect(shown).toContain('D’Artagnan, España, Jardín');
});

test('encoding and separator can be chosen, and the first rows are shown as they are read', async () => {
  const code = uniqueCode();
  const rows = [1, 2, 3, 4].map((number) => `${code}-${number};Ñandú, ${number}`);
  const { id, totals } = await preview(client, `codigo;nombre\n${rows.join('\n')}`);
  expect(totals).toMatchObject({ new: 4 });
  const firstRows = async () => {
    const [table = ''] = /<caption>.*?<\/table>/s.exec(await page(client, id)) ?? [];
    return [...table.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, cells]) =>
      [...cells!.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, text]) => text),
    );
  };
  const right = [
    ['codigo', 'nombre'],
    ...[1, 2, 3].map((number) => [`${code}-${number}`, `Ñandú, ${number}`]),
  ];
  expect(await firstRows()).toEqual(right);

  // Without reading the file again.
  const sample = async (query: string) =>
    (await client.get(`/api/imports/${id}/sample?${query}`)).body as object;
  expect(await sample('encoding=macintosh')).toEqual({
    headers: ['codigo', 'nombre'],
    rows: [1, 2, 3].map((number) => [`${code}-${number}`, `√ëand√∫, ${number}`]),
  });
  expect(await sample('encoding=utf-16&delimiter=x')).toMatchObject({ rows: [] });
  expect(await firstRows()).toEqual(right);

  const commas = await readAgain(client, id, { delimiter: ',' });
  expect(commas.state).toBe('unassigned');
  expect((await firstRows()).slice(0, 2)).toEqual([
    [`${code}-1;Ñandú`, '1'],
    [`${code}-2;Ñandú`, ' 2'],
  ]);

  // The only row would be the headings: it is refused, and can be read again all the same.
  expect((await readAgain(client, id, { encoding: 'utf-16' })).state).toBe('refused');
  expect((await client.get(`/imports/${id}/result.csv`)).status).toBe(404);
  await readAgain(client, id, { encoding: 'windows-1252', delimiter: ';' });
  expect((await firstRows())[1]).toEqual([`${code}-1`, 'Ã‘andÃº, 1']);
  expect((await readAgain(client, id, { encoding: 'utf-8' })).totals).toMatchObject({ new: 4, wrong: 0 });
  expect(await firstRows()).toEqual(right);
  expect((await client.get(`/imports/${id}/result.csv`)).text).toContain(`${code}-1;Ñandú, 1;nuevo;`);
});

const KINDS: [string, (code: string) => Buffer][] = [
  ['a vertical bar', (code) => Buffer.from(`codigo|nombre|cantidad\r\n${code}|Ñandú|12\r\n`)],
  [
    'UTF-16 without a mark',
    (code) => Buffer.from(`codigo;nombre;cantidad\r\n${code};Ñandú;12\r\n`, 'utf16le'),
  ],
  [
    'UTF-16, big-endian, without a mark',
    (code) => Buffer.from(`codigo;nombre;cantidad\r\n${code};Ñandú;12\r\n`, 'utf16le').swap16(),
  ],
  ['a NUL', (code) => Buffer.from(`codigo;nombre;cantidad\r\n${code};Ñan\0dú;12\r\n`)],
];

test.each(KINDS)('reads text with %s', async (_what, make) => {
  const code = uniqueCode();
  const { id, totals } = await preview(client, make(code));
  expect(totals).toEqual({ new: 1, changed: 0, unchanged: 0, wrong: 0 });
  const text = await page(client, id);
  for (const part of [code, 'Ñandú', '12 unidad']) expect(text).toContain(part);
});

test('names the columns that are not read', async () => {
  const code = uniqueCode();
  const file = `Código;Nombre;Cantidad;Garantía;;Cantidad \n${code};Uno;3;9,50;x;8\n`;
  const { id } = await preview(client, file);
  expect(await page(client, id)).toContain('Columnas que no se leen: Garantía (D), Columna 5, Cantidad (F).');
  await apply(client, id);
  expect(await page(client, id)).toContain('Columnas que no se leyeron: Garantía (D)');
  expect(await client.findByCode(code)).toMatchObject({ quantity: 3 });
  const english = await client.agent.get(`/imports/${id}`).set('Accept-Language', 'en');
  expect(english.text).toContain('Columns that were not read: Garantía (D), Column 5, Cantidad (F).');
});

test('shows the name of a file with quotes as it was', async () => {
  const { id } = await preview(client, csv(`${uniqueCode()};Uno;1`), 'lista "nueva" 50%.csv');
  expect(await page(client, id)).toContain('lista "nueva" 50%.csv</h1>');
  const escaped = await preview(client, csv(`${uniqueCode()};Uno;1`), 'lista %22vieja%22.csv');
  expect(await page(client, escaped.id)).toContain('lista "vieja".csv</h1>');
});

test.each(['\u2800', '\u3164', '\u115f', '\uffa0\u1160', '\u200b'])(
  'characters that show nothing are no name, on import and in the form: %j',
  async (name) => {
    const code = uniqueCode();
    const { id, totals } = await preview(client, csv(`${code};${name};1`));
    expect(totals).toMatchObject({ new: 0, wrong: 1 });
    expect(await problems(client, id)).toEqual(['Columna «Nombre»: Escriba el nombre del producto.']);
    const response = await client.post('/products', {
      ...{ name, code, description: '', quantity: '1', unit: 'u', category: 'Otros' },
    });
    expect(response.status).toBe(422);
    expect(response.text).toContain('Escriba el nombre del producto.');
  },
);
