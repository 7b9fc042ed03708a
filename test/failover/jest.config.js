import model from '../model/jest.config.js';

export default { ...model, testMatch: ['<rootDir>/test/failover/*.failover.ts'] };
