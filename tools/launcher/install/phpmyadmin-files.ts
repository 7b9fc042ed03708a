import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Makes Debian's PHP and phpMyAdmin run from `folder`, configured by environment variables. */
export async function preparePhpMyAdmin(folder: string): Promise<void> {
  await enableExtensions(folder);
  const libraries = join(folder, 'usr/share/phpmyadmin/libraries');
  const vendorConfig = join(libraries, 'vendor_config.php');
  const original = await readFile(vendorConfig, 'utf8');
  const changed = original
    .replace(/('configFile' => )[^\n]*,/, "$1getenv('PHPMYADMIN_CONFIG'),")
    .replace(/('tempDir' => )[^\n]*,/, "$1getenv('PHPMYADMIN_TEMP'),");
  await writeFile(vendorConfig, changed);
  await redirectIncludes(join(folder, 'usr/share'), folder.replace(/\.new$/, ''));
}

/** Debian's template folders hold each extension's ini file, with its load priority. */
async function enableExtensions(folder: string): Promise<void> {
  const enabled = join(folder, 'etc/php-extensions');
  await mkdir(enabled, { recursive: true });
  const share = join(folder, 'usr/share');
  const templates = (await readdir(share)).filter((name) => /^php\d.*-/.test(name));
  for (const template of templates) {
    const entries = await readdir(join(share, template), { recursive: true });
    for (const entry of entries.filter((name) => name.endsWith('.ini') && !name.includes('php.ini'))) {
      const file = join(share, template, entry);
      const text = await readFile(file, 'utf8');
      const priority = /priority=(\d+)/.exec(text)?.[1];
      if (/extension=/.test(text)) {
        await copyFile(file, join(enabled, `${priority ?? '20'}-${basename(entry)}`));
      }
    }
  }
}

/** Points `require '/usr/share/...'` at the folder's final path. */
async function redirectIncludes(share: string, finalFolder: string): Promise<void> {
  const entries = await readdir(share, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile() || !entry.name.endsWith('.php')) continue;
    const file = join(entry.parentPath, entry.name);
    const text = await readFile(file, 'utf8');
    const changed = text.replace(
      /((?:require|include)(?:_once)?\s*\(?\s*)'\/usr\/share\//g,
      `$1'${finalFolder}/usr/share/`,
    );
    if (changed !== text) await writeFile(file, changed);
  }
}
