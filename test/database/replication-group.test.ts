import { describe, expect, test } from '@jest/globals';
import type { Member } from '../../src/database/member.ts';
import { primaryByMembership } from '../../src/database/primary-by-membership.ts';
import { findRepair } from '../../src/database/replication-group/find-repair.ts';
import type { GroupStanding } from '../../src/database/replication-group/standing.ts';
import type { GroupMember, ServerReport } from '../../src/database/server-watch.ts';

const NOBODY = { term: 0, name: undefined };
const SERVERS = ['db1', 'db2', 'db3'].map((name) => ({ name, address: { host: name, port: 3306 } }));

function report(
  name: string,
  { isReadOnly = false, ...member }: Partial<GroupMember & { isReadOnly: boolean }>,
): ServerReport {
  const whole = {
    state: 'ONLINE' as const,
    hasMajority: true,
    view: '17000000000000001:3',
    members: 3,
    reached: 3,
  };
  return { name, reachable: true, isReadOnly, member: { isPrimary: false, ...whole, ...member } };
}

describe('the primary of a group', () => {
  test('is the one that says so, takes writes and sees a majority', () => {
    const found = primaryByMembership(
      [report('db1', { isReadOnly: true }), report('db2', { isPrimary: true })],
      NOBODY,
    );
    expect(found).toMatchObject({ term: 1, name: 'db2' });
  });

  test.each([
    ['has lost its majority', { isPrimary: true, hasMajority: false, reached: 1 }],
    ['does not take writes yet', { isPrimary: true, isReadOnly: true }],
    [
      'is outside the group',
      { isPrimary: true, state: 'ERROR' as const, hasMajority: false, view: undefined },
    ],
  ])('is none that %s', (_title, member) => {
    expect(primaryByMembership([report('db1', member)], NOBODY).name).toBeUndefined();
  });

  test('is none that does not answer', () => {
    expect(primaryByMembership([{ name: 'db1', reachable: false }], NOBODY).name).toBeUndefined();
  });

  test('is that of the newest view, while one that hung still has an older one', () => {
    const hung = report('db1', { isPrimary: true, view: '17000000000000001:9' });
    const elected = report('db2', { isPrimary: true, view: '17000000000000001:10' });
    expect(primaryByMembership([hung, elected], NOBODY).name).toBe('db2');
    expect(primaryByMembership([elected, hung], NOBODY).name).toBe('db2');
  });

  test('is never again that of an older view, not even while the newer one does not answer', () => {
    const elected = report('db2', { isPrimary: true, view: '17000000000000001:10' });
    const known = primaryByMembership([elected], NOBODY);
    const hung = report('db1', { isPrimary: true, view: '17000000000000001:9' });
    expect(primaryByMembership([hung], known).name).toBeUndefined();
    // A group that was started anew counts from 1.
    const anew = report('db1', { isPrimary: true, view: '17000000000000002:1' });
    expect(primaryByMembership([hung, anew], known)).toMatchObject({ name: 'db1', term: known.term + 1 });
  });

  test('has a new term only when it changes', () => {
    const known = primaryByMembership([report('db1', { isPrimary: true })], NOBODY);
    const later = report('db1', { isPrimary: true, view: '17000000000000001:4' });
    expect(primaryByMembership([later], known)).toEqual({
      term: 1,
      name: 'db1',
      view: '17000000000000001:4',
    });
    const other = report('db3', { isPrimary: true, view: '17000000000000001:5' });
    expect(primaryByMembership([other], known)).toMatchObject({ term: 2, name: 'db3' });
  });
});

function standing(name: string, given: Partial<GroupStanding> = {}): GroupStanding {
  const member = { uuid: name, isReadOnly: !given.isPrimary } as unknown as Member;
  const isIn = given.state === 'ONLINE' || given.state === undefined;
  return {
    name,
    member,
    state: 'ONLINE',
    isPrimary: false,
    hasMajority: isIn,
    members: [],
    hasData: true,
    isOutOfUse: false,
    gtids: '',
    ...given,
  };
}

describe('the keeper of a group', () => {
  const primary = standing('db1', { isPrimary: true });
  const outside = (name: string) => standing(name, { state: 'OFFLINE' });

  test('does nothing while all is well, or a member is being brought up to date', () => {
    const others = [standing('db2'), standing('db3', { state: 'RECOVERING', hasMajority: true })];
    expect(findRepair([primary, ...others], SERVERS)).toBeUndefined();
  });

  test('lets those outside join, also while another does not answer', () => {
    expect(findRepair([primary, outside('db2')], SERVERS)).toEqual({ kind: 'join', servers: ['db2'] });
    const failed = standing('db3', { state: 'ERROR' });
    const both = { kind: 'join', servers: ['db2', 'db3'] };
    expect(findRepair([primary, outside('db2'), failed], SERVERS)).toEqual(both);
  });

  test('waits until the group has expelled what a server was before it fell', () => {
    const before = standing('db1', { isPrimary: true, members: ['db1', 'db2', 'db3'] });
    expect(findRepair([before, standing('db3'), outside('db2')], SERVERS)).toBeUndefined();
    const after = standing('db1', { isPrimary: true, members: ['db1', 'db3'] });
    expect(findRepair([after, standing('db3'), outside('db2')], SERVERS)).toEqual({
      kind: 'join',
      servers: ['db2'],
    });
  });

  test('leaves the election to the servers', () => {
    const electing = [standing('db2'), outside('db1')];
    expect(findRepair(electing, SERVERS)).toBeUndefined();
    const blocked = standing('db2', { isPrimary: true, hasMajority: false });
    expect(findRepair([blocked, outside('db1'), outside('db3')], SERVERS)).toBeUndefined();
  });

  test('starts the group only when every server answers, and else says who is missing', () => {
    const all = SERVERS.map(({ name }) => outside(name));
    expect(findRepair(all, SERVERS)).toMatchObject({ kind: 'start' });
    const found = findRepair(all.slice(0, 2), SERVERS);
    expect(found).toMatchObject({
      kind: 'wait',
      reason: expect.stringContaining('db3 does not answer') as unknown,
    });
    expect(findRepair(all.slice(0, 1), SERVERS)).toMatchObject({
      reason: expect.stringContaining('db2 and db3 do not answer') as unknown,
    });
  });
});
