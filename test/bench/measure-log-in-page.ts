import { rateOfRequests, type Visitor } from './rate.ts';
import type { Row } from './report.ts';

const FIRST = 1000;
const CONNECTIONS = 100;
const PAGE = '/login';
const FLOOR = '/health/live';

const crowd = (path: string) => Array<Visitor>(CONNECTIONS).fill({ headers: {}, paths: [path] });

/** As a class loads it with `ab -n 1000 -c 100`. Call it before any other request: the first thousand come once. */
export async function measureLogInPage(url: string): Promise<Row[]> {
  const first = await rateOfRequests(url, crowd(PAGE), FIRST);
  const floor = await rateOfRequests(url, crowd(FLOOR), FIRST);
  const warm = await rateOfRequests(url, crowd(PAGE), 3 * FIRST);
  const unkept = await rateOfRequests(url, crowd(PAGE), 2 * FIRST, { reconnects: true });
  const unkeptFloor = await rateOfRequests(url, crowd(FLOOR), 2 * FIRST, { reconnects: true });
  return [
    { what: 'floor: /health/live, 100 connections', rate: floor },
    { what: 'log-in page, first 1,000 after a start', rate: first, shareOfFloor: first / floor },
    { what: 'log-in page, warm', rate: warm, shareOfFloor: warm / floor },
    { what: 'log-in page, a connection each', rate: unkept, shareOfFloor: unkept / unkeptFloor },
  ];
}
