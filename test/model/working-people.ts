import { addUsers } from '../support/added-users.ts';
import { Session } from '../support/session.ts';
import type { Stack } from '../support/stack.ts';

export interface Person {
  userId: number;
  session: Session;
  /** Latest version of each product written by this user; reads must not show an older one. */
  written: Map<number, number>;
}

export interface RunningSystem {
  stack: Stack;
  /** NGINX, then each instance. */
  urls: string[];
  people: Person[];
}

/** Signs in three users, one of them on two devices. */
export async function signInPeople(stack: Stack): Promise<RunningSystem> {
  const urls = [stack.url, ...stack.data.instanceUrls()];
  const usernames = ['ana', 'benito', 'carmen'];
  const userIds = await addUsers(stack.data, usernames);
  const people: Person[] = [];
  for (const [index, username] of usernames.entries()) {
    const session = await Session.signIn(stack.url, username);
    people.push({ userId: userIds[index]!, session, written: new Map() });
  }
  const onPhone = await Session.signIn(stack.url, 'ana');
  return { stack, urls, people: [...people, { ...people[0]!, session: onPhone }] };
}
