import { delayReplication, replicaHasAll } from '../support/replication.ts';
import { addUsers } from '../support/added-users.ts';
import { Stack } from '../support/stack.ts';
import { readsByServer, replicaShare, writeThenRead } from './write-then-read.ts';

const PAIRS = 10_000;
const MIN_REPLICA_SHARE = 0.9;
const USERS = ['ana', 'benito', 'carmen', 'diego'];

const format = (count: number) => count.toLocaleString('en-US');

console.log('Starting a separate system ...');
const stack = await Stack.start();
try {
  const { data } = stack;
  await addUsers(data, USERS);

  await delayReplication(data, 1);
  const behind = await writeThenRead(data, USERS, PAIRS);
  console.log(
    `Replica 1 s behind: ${format(behind.pairs)} writes, each read through another instance: ${behind.stale} stale. ` +
      `(Read directly, the replica was stale in ${behind.staleOnReplica} of ${format(behind.controls)} checks.)`,
  );

  await delayReplication(data, 0);
  await replicaHasAll(data);
  const before = await readsByServer(data);
  const caughtUp = await writeThenRead(data, USERS, PAIRS);
  const share = replicaShare(before, await readsByServer(data));
  console.log(
    `Replica not behind: ${format(caughtUp.pairs)} writes, each read through another instance: ${caughtUp.stale} stale; ` +
      `${(share * 100).toFixed(1)} % of the reads came from the replica.`,
  );

  const isConsistent = behind.stale === 0 && caughtUp.stale === 0 && behind.staleOnReplica > 0;
  process.exitCode = isConsistent && share >= MIN_REPLICA_SHARE ? 0 : 1;
} finally {
  await stack.stopAndClean();
}
