import shared from '../../jest.config.js';

// The deployment is built and started by the test itself.
const { globalSetup: _setup, globalTeardown: _teardown, ...rest } = shared;

export default {
  ...rest,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/compose/*.compose.ts'],
  testTimeout: 300_000,
};
