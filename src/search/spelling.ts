/**
 * What the search treats as equal although the collation tells it apart: the characters of each line are written
 * as its key. Together with the collation and the separators, this defines when texts are equal
 * (docs/decisions/search-index.md).
 */
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
