import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { StackData } from './stack-data.ts';

/** Adds copies of the administrator's account, with the same password. @returns their ids */
export async function addUsers(data: StackData, usernames: string[]): Promise<number[]> {
  const primary = await data.connect('primary');
  try {
    const [[admin]] = await primary.query<RowDataPacket[]>("SELECT * FROM user WHERE username = 'admin'");
    const ids: number[] = [];
    for (const username of usernames) {
      const user = { ...admin, id: undefined, username };
      const [{ insertId }] = await primary.query<ResultSetHeader>('INSERT INTO user SET ?', [user]);
      ids.push(insertId);
    }
    return ids;
  } finally {
    await primary.end();
  }
}
