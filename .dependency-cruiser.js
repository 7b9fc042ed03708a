/**
 * The layers of src/, lowest first. A module may import from its own layer and those below. `holds` are path
 * prefixes; `advice` says where code that would import upwards belongs.
 */
const LAYERS = [
  {
    name: 'foundations',
    holds: ['config/', 'errors/', 'locales/', 'telemetry/', 'spreadsheets/'],
    advice:
      'config/, errors/ and telemetry/ depend on neither database nor products. spreadsheets/ only reads and ' +
      'writes files: put code that needs the database into imports/ or exports/.',
  },
  {
    name: 'database',
    holds: ['database/'],
    advice:
      'database/ holds servers, connections and table types: put a query into the folder of its feature, ' +
      'periodic work into jobs/, and a type that a table shares with a feature into database/.',
  },
  {
    name: 'jobs',
    holds: ['jobs/'],
    advice: 'jobs/ knows no feature: put the work into its feature and pass it in from server.ts.',
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
      'auth/ and the audit trail serve every feature and know none: put account pages into users/. ' +
      'directory/ provides user data to other folders.',
  },
  {
    name: 'stock',
    holds: ['stock/'],
    advice:
      'stock/ writes quantities and their ledger: put other product fields into products/, and quantity ' +
      'limits into stock/.',
  },
  {
    name: 'search',
    holds: ['search/'],
    advice:
      'search/ turns words into product ids: put what a list shows or sorts by into product-list/, and a ' +
      'filter that both need into search/.',
  },
  {
    name: 'photos',
    holds: ['photos/'],
    advice: 'photos/ knows products by their numbers only: put what locks or shows a product into products/.',
  },
  {
    name: 'products',
    holds: ['products/'],
    advice: 'products/ handles single products: put lists, filters and totals into product-list/.',
  },
  {
    name: 'orders',
    holds: ['payments/', 'orders/'],
    advice:
      'orders/ and payments/ keep orders, holds and money right: put pages and what they show into shop/ or ' +
      'another feature.',
  },
  {
    name: 'product-list',
    holds: ['product-list/'],
    advice:
      'product-list/ finds and sorts products: put files written from them into exports/, and files read ' +
      'into imports/.',
  },
  {
    name: 'features',
    holds: [
      'categories/',
      'suppliers/',
      'alerts/',
      'ordering/',
      'customers/',
      'mail/',
      'shop/',
      'order-desk/',
      'sellers/',
      'delivery/',
      'checkout/',
      'exports/',
      'imports/',
      'movements/',
      'home/',
      'trash/',
      'units/',
      'users/',
      'system/',
    ],
    advice:
      'A feature must not import what mounts or starts it: pass in what it needs from app.ts or server.ts.',
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
        'spreadsheets/ only reads and writes files: put code that needs the database into imports/ or exports/.',
      severity: 'error',
      from: { path: '^src/spreadsheets/' },
      to: { path: '^src/database/|^node_modules/(kysely|mysql2)/' },
    },
    {
      name: 'every-folder-has-a-layer',
      comment: 'Add the new folder of src/ to one of the LAYERS in .dependency-cruiser.js.',
      severity: 'error',
      from: { path: '^src/', pathNot: pathOf(LAYERS) },
      to: {},
    },
    {
      name: 'no-circles-between-folders',
      comment:
        'Folders that import each other are one folder or need a third: move shared code into the lower ' +
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
    // Type-only imports count, too.
    tsPreCompilationDeps: true,
  },
};
