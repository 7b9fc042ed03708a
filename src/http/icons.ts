import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The icons that pages and scripts name, such as `bi-pencil`, as a stylesheet: masks take the colour of the text. */
export async function iconStyles(folders: string[], iconFolder: string): Promise<string> {
  const sources = await Promise.all(folders.map(readAll));
  if (sources.flat().some((text) => /\bbi-(?:<%|\$\{)/.test(text)))
    throw new Error('A view or script composes the name of an icon; write it in full, as in bi-pencil');
  const names = new Set(sources.flat().flatMap((text) => text.match(/\bbi-[a-z][a-z0-9-]*/g) ?? []));
  const rules = [...names].sort().map(async (name) => {
    const svg = await readFile(join(iconFolder, `${name.slice('bi-'.length)}.svg`), 'utf8');
    const shape = svg
      .replace(/^<svg [^>]*>/, '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">')
      .replace(/\s*\n\s*/g, '');
    return `.${name}{--icon:url("data:image/svg+xml,${shape.replace(/["#%<>]/g, encodeForUrl)}")}`;
  });
  return (await Promise.all(rules)).join('\n');
}

async function readAll(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.(ejs|js)$/.test(entry.name));
  return Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'utf8')));
}

/** Single quotes keep the address readable, and short. */
function encodeForUrl(character: string): string {
  return character === '"' ? "'" : encodeURIComponent(character);
}
