import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';

interface DemoMethod {
  name: string;
  carrier: keyof typeof TRACKING;
  days: [from: number, to: number];
  freeFrom: number | null;
  takesCash: boolean;
  /** Grams and price, in minor units of any currency. */
  rates: [maxWeight: number, price: number][];
}

interface DemoZone {
  name: string;
  areas: [country: string, region: string][];
  methods: DemoMethod[];
}

const TRACKING = {
  Servientrega: 'https://www.servientrega.com.ec/Tracking/?guia={number}&tipo=GUIA',
  Envia: 'https://envia.co/seguimiento?guia={number}',
  DHL: 'https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}',
  FedEx: 'https://www.fedex.com/fedextrack/?trknbr={number}',
};

const ZONES: DemoZone[] = [
  {
    name: 'Ecuador',
    areas: [['EC', '']],
    methods: [
      {
        ...{ name: 'Servientrega a domicilio', carrier: 'Servientrega', days: [2, 4], takesCash: true },
        freeFrom: 6000,
        rates: [
          [2000, 450],
          [5000, 690],
          [20_000, 1250],
        ],
      },
      {
        ...{ name: 'DHL Express', carrier: 'DHL', days: [1, 1], takesCash: false, freeFrom: null },
        rates: [
          [2000, 890],
          [10_000, 1590],
        ],
      },
    ],
  },
  {
    name: 'Quito y Pichincha',
    areas: [['EC', 'Pichincha']],
    methods: [
      {
        ...{ name: 'Servientrega a domicilio', carrier: 'Servientrega', days: [1, 2], takesCash: true },
        freeFrom: 4000,
        rates: [
          [2000, 300],
          [5000, 450],
          [20_000, 850],
        ],
      },
    ],
  },
  {
    name: 'Colombia',
    areas: [['CO', '']],
    methods: [
      {
        ...{ name: 'Envia', carrier: 'Envia', days: [4, 7], takesCash: false, freeFrom: 12_000 },
        rates: [
          [1000, 980],
          [5000, 1850],
        ],
      },
      {
        ...{ name: 'FedEx', carrier: 'FedEx', days: [3, 5], takesCash: false, freeFrom: null },
        rates: [
          [1000, 1790],
          [10_000, 3900],
        ],
      },
    ],
  },
  {
    name: 'España y el resto del mundo',
    areas: [
      ['ES', ''],
      ['', ''],
    ],
    methods: [
      {
        ...{ name: 'DHL Express', carrier: 'DHL', days: [4, 8], takesCash: false, freeFrom: null },
        rates: [
          [1000, 2490],
          [5000, 4990],
        ],
      },
      {
        ...{ name: 'FedEx', carrier: 'FedEx', days: [3, 6], takesCash: false, freeFrom: null },
        rates: [
          [1000, 2790],
          [10_000, 6900],
        ],
      },
    ],
  },
];

const SETTINGS = [
  'Banco de la Demostración, cuenta de ahorros 2200 0000 00\nTitular: Librería Inventario',
  'Librería Inventario, Av. de los Libros 123\nDe lunes a sábado, de 9:00 a 19:00',
];

/** Does nothing once anybody has set a zone or the settings. */
export async function loadDemoDelivery(migrator: Connection): Promise<void> {
  const [[found]] = await migrator.query<RowDataPacket[]>(`
    SELECT EXISTS (SELECT 1 FROM delivery_zone)
      OR EXISTS (SELECT 1 FROM product_event WHERE action = 'delivery.changed') AS isUsed`);
  if (found?.isUsed === 1) return;
  await migrator.beginTransaction();
  for (const zone of ZONES) await insertZone(migrator, zone);
  await migrator.query('UPDATE shop_setting SET transfer_text = ?, pick_up_text = ? WHERE id = 1', SETTINGS);
  await migrator.commit();
}

async function insertZone(migrator: Connection, { name, areas, methods }: DemoZone): Promise<void> {
  const zone = await insert(migrator, 'delivery_zone', { name });
  await migrator.query('INSERT INTO delivery_area (country, region, zone_id) VALUES ?', [
    areas.map((area) => [...area, zone]),
  ]);
  for (const { carrier, days, freeFrom, takesCash, rates, ...method } of methods) {
    const id = await insert(migrator, 'delivery_method', {
      ...{ zone_id: zone, name: method.name, carrier, tracking_url: TRACKING[carrier] },
      ...{ days_from: days[0], days_to: days[1], free_from: freeFrom, takes_cash: takesCash },
    });
    await migrator.query('INSERT INTO delivery_rate (method_id, position, max_weight, price) VALUES ?', [
      rates.map((rate, position) => [id, position, ...rate]),
    ]);
  }
}

async function insert(migrator: Connection, table: string, row: object): Promise<number> {
  const [{ insertId }] = await migrator.query<ResultSetHeader>('INSERT INTO ?? SET ?', [table, row]);
  return insertId;
}
