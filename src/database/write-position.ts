/**
 * A place in the primary's history: the `sequence`-th transaction that the server with the UUID
 * `source` committed. A reader that has executed it sees all that came before.
 */
export interface WritePosition {
  source: string;
  sequence: number;
}

/** The GTID set that a server must have executed to be at `position`. */
export function gtidSetUpTo(position: WritePosition): string {
  return `${position.source}:1-${position.sequence}`;
}

const UP_TO = /^([0-9a-f-]{36}):(?:\d+-)?(\d+)/i;

/** The position named by one GTID, or the highest of a set of one source's: `uuid:7`, `uuid:1-7`. */
export function parsePosition(gtid: string): WritePosition | undefined {
  const [, source, sequence] = UP_TO.exec(gtid) ?? [];
  return source && sequence ? { source, sequence: Number(sequence) } : undefined;
}
