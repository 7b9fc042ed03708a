/**
 * The layers of src/, lowest first; `holds` are starts of paths. A module imports from its own layer and from
 * those below; `advice` tells where code belongs that would import upwards.
 */
const LAYERS = [
  {
    name: 'foundations',
    holds: ['config/', 'errors/', 'locales/', 'telemetry/', 'spreadsheets/'],
    advice:
      'config/, errors/ and telemetry/ know neither database nor product. spreadsheets/ reads and writes ' +
      'files only: put what needs the database into imports/ or exports/.',
  },
  {
    name: 'database',
    holds: ['database/'],
    advice:
      'database/ holds servers, connections and table types: put a query into the folder of what it reads, ' +
      'periodic work into jobs/, and a type that a table shares with a feature into database/.',
  },
  {
    name: 'jobs',
    holds: ['jobs/'],
    advice:
      'jobs/ runs work without knowing it: put the work into its feature and pass it in from server.ts.',
  },
  {
    name: 'http',
    holds: ['http/'],
    advice:
      'http/ is shared by all audiences: put what needs a user, a session or a permission into auth/, and ' +
      'what needs a product into its feature.',
  },
  {
    name: 'auth',
    holds: ['auth/', 'audit/', 'directory/'],
    advice:
      'auth/ and the audit trail serve every feature and know none: put pages about accounts into users/. ' +
      'directory/ answers what other folders may ask about people.',
  },
  {
    name: 'stock',
    holds: ['stock/'],
    advice:
      'stock/ writes quantities and their ledger: put the rest of a product into products/, and limits of a ' +
      'quantity into stock/.',
  },
  {
    name: 'search',
    holds: ['search/'],
    advice:
      'search/ turns words into product numbers: put what a list shows or sorts by into product-list/, and a ' +
      'filter that both need into search/.',
  },
  {
    name: 'products',
    holds: ['products/'],
    advice:
      'products/ holds one product at a time: put pages, filters and totals of many into product-list/.',
  },
  {
    name: 'product-list',
    holds: ['product-list/'],
    advice:
      'product-list/ finds and sorts products: put files made of them into exports/, and files read for them ' +
      'into imports/.',
  },
  {
    name: 'features',
    holds: ['exports/', 'imports/', 'users/', 'system/'],
    advice:
      'A feature does not know what mounts or starts it: pass in what it needs from app.ts or server.ts.',
  },
  { name: 'programs', holds: ['audiences/', 'commands/', 'demo/', '[^/]+[.]ts$'] },
];

const pathOf = (layers) => `^src/(${layers.flatMap(({ holds }) => holds).join('|')})`;

export default {
  forbidden: [
    ...LAYERS.slice(0, -1).map((layer, index) => ({
      name: `${layer.name}-imports-downwards`,
      comment: layer.advice,
      severity: 'error',
      from: { path: pathOf([layer]) },
      to: { path: pathOf(LAYERS.slice(index + 1)) },
    })),
    {
      name: 'spreadsheets-without-database',
      comment:
        'spreadsheets/ reads and writes files only: put what needs the database into imports/ or exports/.',
      severity: 'error',
      from: { path: '^src/spreadsheets/' },
      to: { path: '^src/database/|^node_modules/(kysely|mysql2)/' },
    },
    {
      name: 'every-folder-has-a-layer',
      comment: 'Name the new folder of src/ in one of the LAYERS of .dependency-cruiser.js.',
      severity: 'error',
      from: { path: '^src/', pathNot: pathOf(LAYERS) },
      to: {},
    },
    {
      name: 'no-circles-between-folders',
      comment:
        'Folders that import each other are one folder or need a third: move what both need into the lower ' +
        'one, or pass it in as an argument.',
      severity: 'error',
      scope: 'folder',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'src-runs-alone',
      comment: 'The image holds src/ without tools/ and test/: put what src/ needs into src/.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(tools|test)/' },
    },
    {
      name: 'tools-without-tests',
      comment: 'Put what tools/ and test/ both need into tools/.',
      severity: 'error',
      from: { path: '^tools/' },
      to: { path: '^test/' },
    },
  ],
  options: {
    doNotFollow: { path: '^node_modules/' },
    // Types count: a table type that needs a feature's is a circle as well.
    tsPreCompilationDeps: true,
  },
};
