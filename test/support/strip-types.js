import { stripTypeScriptTypes } from 'node:module';

/** Jest runs the same code that Node runs: TypeScript with its types taken out, line by line in place. */
export default {
  process: (source) => ({ code: stripTypeScriptTypes(source) }),
};
