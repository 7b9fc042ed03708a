import shared from '../../jest.config.js';

const { globalSetup: _setup, globalTeardown: _teardown, ...rest } = shared;

export default {
  ...rest,
  rootDir: '../..',
  maxWorkers: 1,
  testMatch: ['<rootDir>/test/compose/*.compose.ts'],
  testTimeout: 300_000,
};
