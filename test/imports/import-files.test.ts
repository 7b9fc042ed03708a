import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from '@jest/globals';
import { Client, uniqueCode } from '../support/client.ts';
import {
  page,
  preview,
  problems,
  rawWorkbook,
  refusal,
  upload,
  workbook,
  zip,
} from '../support/import-files.ts';
import { stack } from '../support/shared-stack.ts';

let client: Client;
beforeAll(async () => (client = await Client.signedIn()));

const HEADER = ['Código', 'Nombre', 'Cantidad'];
const KINDS_OF_TEXT: [string, (code: string) => Buffer][] = [
  [
    'semicolons, UTF-8 with a byte order mark',
    (code) => Buffer.from(`\ufeffCódigo;Nombre;Cantidad\r\n${code};Ñandú;12\r\n`),
  ],
  [
    'commas, UTF-8 without a byte order mark',
    (code) => Buffer.from(`Código,Nombre,Cantidad\n${code},"Ñandú",12`),
  ],
  ['tabs, Latin-1', (code) => Buffer.from(`Código\tNombre\tCantidad\r\n${code}\tÑandú\t12\r\n`, 'latin1')],
  [
    'semicolons, Latin-1, decimal comma',
    (code) => Buffer.from(`Código;Nombre;Cantidad\r${code};Ñandú;12,0\r`, 'latin1'),
  ],
  [
    'tabs, UTF-16 (Excel\'s "Unicode text")',
    (code) => Buffer.from(`\ufeffCódigo\tNombre\tCantidad\r\n${code}\tÑandú\t12\r\n`, 'utf16le'),
  ],
  [
    "Excel's sep= line and empty lines",
    (code) => Buffer.from(`sep=,\r\n\r\nCódigo,Nombre,Cantidad\r\n\r\n${code},Ñandú,12\r\n`),
  ],
];

test.each(KINDS_OF_TEXT)('reads text with %s', async (_what, make) => {
  const code = uniqueCode();
  const { id, state, totals } = await preview(client, make(code));
  expect({ state, totals }).toEqual({
    state: 'preview',
    totals: { new: 1, changed: 0, unchanged: 0, wrong: 0 },
  });
  const text = await page(client, id);
  for (const part of [code, 'Ñandú', '12 unidad']) expect(text).toContain(part);
});

test('one invalid UTF-8 byte at the end of a large file makes it Latin-1', async () => {
  const rows = Array.from({ length: 3000 }, (_, index) => `${uniqueCode()}-${index};Jabon;1`).join('\n');
  const file = Buffer.concat([
    Buffer.from(`Codigo;Nombre;Cantidad\n${rows}\nX-${uniqueCode()};`),
    Buffer.from([0xd1]),
    Buffer.from(';1'),
  ]);
  const { id, totals } = await preview(client, file);
  expect(totals).toMatchObject({ new: 3001, wrong: 0 });
  expect(await page(client, id, '?kind=new&after=3000')).toContain('Ñ');
});

test.each([true, false])('reads a workbook (shared strings: %s)', async (shared) => {
  const code = uniqueCode();
  const file = await workbook(
    {
      Hoja: [
        ['SKU', 'Producto', 'Stock', 'Notas'],
        [`${code}-1`, 'Ñandú & <b>', 12, 'una\ndos'],
        [`${code}-2`, 'Otro', '3', null],
      ],
    },
    shared,
  );
  const { id, totals } = await preview(client, file, 'libro.xlsx');
  expect(totals).toEqual({ new: 2, changed: 0, unchanged: 0, wrong: 0 });
  expect(await page(client, id)).toContain('Ñandú &amp; &lt;b&gt;');
});

test('keeps the digits of numeric codes and reports dates, formulas and errors', async () => {
  const file = await workbook({
    Hoja: [
      ['Código', 'Nombre', 'Cantidad'],
      [8412345678905, 'Código de barras', 1],
      [new Date(Date.UTC(2026, 2, 1)), 'Era 1-3', 1],
      [uniqueCode(), 'Con fórmula', { formula: '1+1', result: 2 }],
      [uniqueCode(), { error: '#N/A' }, 1],
      [uniqueCode(), 'Mitad', 0.5],
    ],
  });
  const { id, totals } = await preview(client, file, 'libro.xlsx');
  expect(totals).toEqual({ new: 1, changed: 0, unchanged: 0, wrong: 4 });
  expect(await page(client, id, '?kind=new')).toContain('>8412345678905<');
  const [date, formula, error, half] = await problems(client, id);
  expect(date).toContain('Columna «Código»: La celda contiene una fecha');
  expect(formula).toBe('Columna «Cantidad»: La celda contiene una fórmula. Péguela como valor. («2»)');
  expect(error).toContain('Columna «Nombre»: La celda contiene un error');
  expect(half).toContain('La cantidad debe ser un número entero. («0.5»)');
});

test('reads sheets with the same header as one table and lists the ignored ones', async () => {
  const code = uniqueCode();
  const file = await workbook({
    Instrucciones: [['Rellene la segunda hoja']],
    Productos: [HEADER, [`${code}-1`, 'Uno', 1]],
    'Productos 2': [HEADER, [`${code}-2`, 'Dos', 1], [`${code}-1`, 'Repetido', 1]],
    Vacía: [],
  });
  const { id, totals } = await preview(client, file, 'libro.xlsx');
  expect(totals).toMatchObject({ new: 2, wrong: 1 });
  const text = await page(client, id);
  expect(text).toContain('Hojas omitidas por tener otras columnas: Instrucciones.');
  expect(text).toContain('El código ya está en otra fila del archivo: Fila 2 de «Productos».');
});

const OTHER_FILES: [string, () => Buffer | Promise<Buffer>, string][] = [
  ['an empty file', () => Buffer.alloc(0), 'está vacío'],
  ['blank lines', () => Buffer.from('\r\n\r\n'), 'está vacío'],
  ['only a header', () => Buffer.from('Código;Nombre\r\n'), 'ninguna fila'],
  ['a workbook with only a header', () => workbook({ Hoja: [HEADER] }), 'ninguna fila'],
  ['an empty workbook', () => workbook({ Hoja: [] }), 'está vacío'],
  ['a PDF', () => Buffer.from('%PDF-1.7\n…'), 'No es una hoja de cálculo'],
  ['a picture', () => Buffer.from('\x89PNG\r\n\x1a\n\x00', 'latin1'), 'No es una hoja de cálculo'],
  [
    'a program',
    () => readFile(process.execPath).then((all) => all.subarray(0, 5000)),
    'No es una hoja de cálculo',
  ],
  ['a web page', () => Buffer.from('<!doctype html><table>'), 'No es una hoja de cálculo'],
  [
    'an old workbook or one with a password',
    () => Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0, 0]),
    'antiguo (.xls) o con contraseña',
  ],
  [
    'an OpenDocument file',
    () => zip({ mimetype: 'application/vnd.oasis', 'content.xml': '<a/>' }),
    'OpenDocument',
  ],
  ['a binary workbook', () => rawWorkbook('', { 'xl/workbook.bin': 'x' }), '.xlsb'],
  ['a zip of something else', () => zip({ 'a.txt': 'a' }), 'No es una hoja de cálculo'],
  ['half a workbook', async () => (await workbook({ Hoja: [HEADER] })).subarray(0, 900), 'dañado'],
  ['a sheet that is not XML', () => rawWorkbook('<row><c></row>'), 'dañado'],
  ['a document type', () => rawWorkbook(Buffer.from('<!DOCTYPE x [<!ENTITY a "b">]><worksheet/>')), 'dañado'],
  ['an entity', () => rawWorkbook('<row><c t="str"><v>&a;</v></c></row>'), 'dañado'],
  [
    'a header with a formula',
    () =>
      workbook({
        Hoja: [
          ['Código', { formula: 'A1', result: 'x' }],
          ['a', 'b'],
        ],
      }),
    'El encabezado contiene una fórmula',
  ],
];

test.each(OTHER_FILES)('refuses %s and says why', async (_what, make, words) => {
  const content = await make();
  if (content.length === 0) {
    const response = await upload(client, content);
    expect(response.status === 303 || response.status === 422).toBe(true);
    if (response.status === 422) return;
  }
  expect(await refusal(client, content, 'archivo.xlsx')).toContain(words);
});

const cell = (text: string, at = '') => `<c ${at} t="str"><v>${text}</v></c>`;
const header = `<row r="1">${cell('Código')}${cell('Nombre')}</row>`;
const LARGE_FILES: [string, () => Buffer, string][] = [
  [
    'a sheet that inflates to 400 MB of rows',
    () => rawWorkbook(`${header}${'<row></row>'.repeat(36_000_000)}`),
    'demasiado grande',
  ],
  [
    'a sheet that inflates to one text of 100 MB',
    () => rawWorkbook(`${header}<row>${cell('a'.repeat(100_000_000))}</row>`),
    'demasiado',
  ],
  [
    'an attribute of 100 MB',
    () => rawWorkbook(`${header}<row x="${'a'.repeat(100_000_000)}"/>`),
    'demasiado',
  ],
  ['deeply nested tags', () => rawWorkbook('<a>'.repeat(3_000_000)), 'dañado'],
  [
    'shared strings of 90 MB',
    () =>
      rawWorkbook(header, {
        'xl/sharedStrings.xml': `<sst>${`<si><t>${'ab'.repeat(15_000)}</t></si>`.repeat(3000)}</sst>`,
      }),
    'demasiado grande',
  ],
  [
    'a part larger than its declared size',
    () => zip({ '[Content_Types].xml': 'x'.repeat(100) }, () => 3),
    'dañado|No es',
  ],
  [
    'a million columns in a workbook',
    () => rawWorkbook(`<row>${cell('Código').repeat(1_000_000)}</row>`),
    'más de 100 columnas',
  ],
  [
    'a million columns in a text file',
    () => Buffer.from(`${'Código;'.repeat(1_000_000)}\n1`),
    'más de 100 columnas',
  ],
  [
    'a million columns below the header',
    () => Buffer.from(`Código;Nombre\na;${'b;'.repeat(1_000_000)}\n`),
    'demasiado larga',
  ],
  [
    'unclosed quotes',
    () => Buffer.from(`Código;Nombre\na;"${'b;c\n'.repeat(500_000)}`),
    'falte cerrar unas comillas',
  ],
  ['too many rows', () => Buffer.from(`Código;Nombre\n${'a;b\n'.repeat(200_001)}`), 'más de 200'],
];

test('refuses decompression bombs in constant memory and keeps serving', async () => {
  const pids = stack
    .processes()
    .filter(({ role }) => role === 'web')
    .map(({ pid }) => pid);
  const memory = async () =>
    Math.max(
      ...(await Promise.all(
        pids.map(
          async (pid) =>
            Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))![1]) / 1024,
        ),
      )),
    );
  const before = await memory();
  let most = 0;
  const watching = setInterval(() => void memory().then((now) => (most = Math.max(most, now))), 100);
  const refusals: Record<string, string> = {};
  for (const [what, make] of LARGE_FILES) refusals[what] = await refusal(client, make(), 'bomba.xlsx');
  clearInterval(watching);
  for (const [what, , words] of LARGE_FILES) expect(`${what}: ${refusals[what]}`).toMatch(new RegExp(words));
  expect(most - before).toBeLessThan(200);
  expect(
    stack
      .processes()
      .filter(({ role }) => role === 'web')
      .map(({ pid }) => pid),
  ).toEqual(pids);
  expect((await client.get('/products')).status).toBe(200);
}, 300_000);

test('refuses a file that is too large with a message', async () => {
  const response = await upload(client, Buffer.alloc(33 * 1024 * 1024, 'a;b\n'));
  expect(response.status).toBe(413);
  expect(response.text).toContain('El archivo es demasiado grande.');
  const response2 = await upload(client, Buffer.alloc(45 * 1024 * 1024, 'a;b\n')).catch(() => ({
    status: 413,
  }));
  expect(response2.status).toBe(413);
});
