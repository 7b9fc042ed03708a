/** The search takes these characters for their key; the collation does not (docs/decisions/search-index.md). */
export const WRITTEN_AS: Readonly<Record<string, string>> = {
  "'": '‘’‚‛‹›′ʻʼ`´',
  "''": '"“”„‟«»〝〞',
  '-': '‐‑‒–—―⁃−',
  '/': '⁄∕',
};

/** Do not matter in codes and part numbers; the column `product.plain_code` is without them too. */
export const SEPARATORS = ['-', '_', '.', '/', ' '];
const ANY_SEPARATOR = /[-_./ ]/g;

/** @param folded by `letters` */
export function withoutSeparators(folded: string): string {
  return folded.replace(ANY_SEPARATOR, '');
}

/** @param folded with n also where ñ may stand */
export function spellingsWithEnye(folded: string): string[] {
  return Array.from(folded).reduce(
    (starts, letter) =>
      starts.flatMap((start) => (letter === 'n' ? [`${start}n`, `${start}ñ`] : [start + letter])),
    [''],
  );
}
