export type PhotoKind = 'jpeg' | 'png' | 'webp' | 'heic';

/** Brands of ISO/IEC 23008-12. */
const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'];
const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** By content, whatever the name says: other formats reach no decoder. */
export function photoKindOf(file: Buffer): PhotoKind | undefined {
  if (file[0] === 0xff && file[1] === 0xd8 && file[2] === 0xff) return 'jpeg';
  if (file.subarray(0, 8).equals(PNG_SIGNATURE)) return 'png';
  const at = (from: number, to: number) => file.toString('latin1', from, to);
  if (at(0, 4) === 'RIFF' && at(8, 12) === 'WEBP') return 'webp';
  if (at(4, 8) === 'ftyp' && HEIC_BRANDS.includes(at(8, 12))) return 'heic';
  return undefined;
}
