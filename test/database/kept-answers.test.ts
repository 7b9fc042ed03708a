import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { KeptAnswers } from '../../src/database/kept-answers.ts';

let position: string;
let positionsRead: number;
let answers: KeptAnswers;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  position = 'a:1';
  positionsRead = 0;
  answers = new KeptAnswers(() => {
    positionsRead++;
    return Promise.resolve(position);
  });
});

afterEach(() => {
  jest.useRealTimers();
});

/** Answers with how often it was asked. */
function counter(onAsked: () => void = () => undefined) {
  let asked = 0;
  return () => {
    asked++;
    onAsked();
    return Promise.resolve(asked);
  };
}

async function ask(query: () => Promise<number>, times: number, key = 'list'): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < times; i++) found.push(await answers.run(key, query));
  return found;
}

test('what is asked for often is answered anew only when the server has applied something', async () => {
  const query = counter();
  expect(await ask(query, 5)).toEqual([1, 2, 2, 2, 2]);
  position = 'a:1-2';
  expect(await ask(query, 3)).toEqual([3, 3, 3]);
  expect(await ask(counter(), 3, 'another list')).toEqual([1, 2, 2]);
});

test('what is asked for seldom costs no question for the position', async () => {
  const query = counter();
  for (let i = 1; i <= 3; i++) {
    expect(await ask(query, 1)).toEqual([i]);
    jest.advanceTimersByTime(1001);
  }
  expect(positionsRead).toBe(0);
});

test('an answer during which something was applied is not given again', async () => {
  let applied = 1;
  const query = counter(() => (position = `a:1-${++applied}`));
  expect(await ask(query, 4)).toEqual([1, 2, 3, 4]);
});

test('no answer is older than a second, since what it says may depend on the time', async () => {
  const query = counter();
  await ask(query, 2);
  for (let i = 0; i < 2; i++) {
    jest.advanceTimersByTime(600);
    await ask(query, 1);
  }
  expect(await ask(query, 1)).toEqual([3]);
});

test('a failure is not kept', async () => {
  const query = counter();
  await ask(query, 2);
  position = 'a:1-9';
  await expect(answers.run('list', () => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
  expect(await ask(query, 2)).toEqual([3, 3]);
});

test('sixty-four answers are kept at most', async () => {
  const query = counter();
  await ask(query, 2);
  for (let other = 0; other < 64; other++) await ask(counter(), 2, `list ${other}`);
  expect(await ask(query, 1)).toEqual([3]);
});
