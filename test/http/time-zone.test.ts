import { beforeAll, expect, test } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import { Client } from '../support/client.ts';
import { stack } from '../support/shared-stack.ts';

let client: Client;
let id: number;
let code: string;

/** The product was saved at half past eleven at night, in winter, of Greenwich. */
beforeAll(async () => {
  client = await Client.signedIn();
  ({ id, code } = await client.register({ name: 'Reloj de pared' }));
  const primary = await stack.connect('primary');
  await primary.query("UPDATE product SET updated_at = '2026-01-31 23:30:00' WHERE id = ?", [id]);
  await primary.query("UPDATE product_event SET created_at = '2026-01-31 23:30:00' WHERE target_id = ?", [
    id,
  ]);
  const replica = await stack.connect('replica1');
  for (let shown = 0; shown === 0;) {
    const [[row]] = await replica.query<RowDataPacket[]>(
      "SELECT COUNT(*) AS shown FROM product WHERE id = ? AND updated_at = '2026-01-31 23:30:00'",
      [id],
    );
    shown = Number(row!.shown);
  }
  await Promise.all([primary.end(), replica.end()]);
});

/** A browser in that zone, whose script has told it. */
function inZone(path: string, zone: string, language = 'es') {
  const session = /inventario\.sid=[^;]+/.exec(client.cookies())![0];
  return new Client().agent
    .get(path)
    .set('Cookie', `${session}; tz=${encodeURIComponent(zone)}`)
    .set('Accept-Language', language);
}

test.each([
  ['America/Guayaquil', '31 ene 2026, 18:30', '31/01/2026 18:30', '2026-01-31 18:30'],
  ['Europe/Madrid', '1 feb 2026, 0:30', '01/02/2026 00:30', '2026-02-01 00:30'],
  ['Asia/Kathmandu', '1 feb 2026, 5:15', '01/02/2026 05:15', '2026-02-01 05:15'],
])(
  'a person in %s sees the times of that zone, and exports name it',
  async (zone, shown, spanish, english) => {
    expect((await inZone(`/products/${id}`, zone)).text).toContain(`Actualizado el ${shown}`);

    const file = await inZone(`/products/export.csv?search=${code}`, zone);
    const [heading, row] = file.text.split('\r\n');
    expect(heading).toMatch(new RegExp(`;Actualizado \\(${zone}\\)$`));
    expect(row).toMatch(new RegExp(`;${spanish}$`));
    const inEnglish = await inZone(`/products/export.csv?search=${code}`, zone, 'en');
    expect(inEnglish.text).toContain(`;Updated (${zone})\r\n`);
    expect(inEnglish.text).toContain(`;${english}\r\n`);
  },
);

test.each(['Mars/Olympus', '+05:00', '"><script>', '__proto__', 'j:{"a":1}', 'x'.repeat(3000)])(
  'ignores a zone that is none: %s',
  async (zone) => {
    const page = await inZone(`/products/${id}`, zone);
    expect(page.status).toBe(200);
    expect(page.text).toContain('Reloj de pared');
    expect(page.text).not.toContain('Olympus');
  },
);
