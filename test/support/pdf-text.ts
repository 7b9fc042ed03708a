import { inflateSync } from 'node:zlib';

interface PdfObject {
  head: string;
  stream: string;
}

/** The texts of the pages of a PDF that PDFKit has made, as its fonts say what their glyphs mean. */
export function textOfPdf(file: Buffer): string[] {
  if (!file.subarray(0, 5).equals(Buffer.from('%PDF-'))) throw new Error('This is no PDF');
  const objects = readObjects(file.toString('latin1'));
  const reference = (head: string, name: string) =>
    Number(new RegExp(`/${name} (\\d+) 0 R`).exec(head)?.[1] ?? NaN);
  const lettersOf = (font: string) => readLetters(objects.get(reference(font, 'ToUnicode'))?.stream ?? '');
  const pages = [...objects.values()].filter(({ head }) => /\/Type \/Page\b(?!s)/.test(head));
  return pages.map(({ head }) => {
    const resources = objects.get(reference(head, 'Resources'))?.head ?? head;
    const fonts = new Map(
      [...resources.matchAll(/\/(F\d+) (\d+) 0 R/g)].map(([, name, id]) => [
        name!,
        lettersOf(objects.get(Number(id))?.head ?? ''),
      ]),
    );
    return readPage(objects.get(reference(head, 'Contents'))?.stream ?? '', fonts);
  });
}

function readObjects(file: string): Map<number, PdfObject> {
  const found = file.matchAll(/(?:^|\n)(\d+) 0 obj\n([^]*?)\nendobj/g);
  return new Map(
    [...found].map(([, id, content]) => {
      const [head = '', rest] = content!.split('\nstream\n');
      const packed = rest?.slice(0, rest.lastIndexOf('\nendstream'));
      const isPacked = head.includes('/FlateDecode');
      const stream =
        packed === undefined
          ? ''
          : isPacked
            ? inflateSync(Buffer.from(packed, 'latin1')).toString('latin1')
            : packed;
      return [Number(id), { head, stream }];
    }),
  );
}

const utf16 = (hex: string) => Buffer.from(hex, 'hex').swap16().toString('utf16le');

/** By the number of the glyph. */
function readLetters(map: string): Map<number, string> {
  const letters = new Map<number, string>();
  for (const [, first, , list] of map.matchAll(/<([0-9a-f]+)> <([0-9a-f]+)> \[([^\]]*)\]/gi)) {
    const texts = [...list!.matchAll(/<([0-9a-f ]+)>/gi)].map(([, hex]) => utf16(hex!.replaceAll(' ', '')));
    for (const [index, text] of texts.entries()) letters.set(parseInt(first!, 16) + index, text);
  }
  return letters;
}

function readPage(content: string, fonts: Map<string, Map<number, string>>): string {
  let letters = new Map<number, string>();
  const lines: string[] = [];
  for (const [, font, shown] of content.matchAll(/\/(F\d+) [\d.]+ Tf|\[([^\]]*)\] TJ/g)) {
    if (font) letters = fonts.get(font) ?? new Map<number, string>();
    else {
      const glyphs = [...shown!.matchAll(/<([0-9a-f]+)>/gi)].flatMap(([, hex]) => hex!.match(/.{4}/g) ?? []);
      lines.push(glyphs.map((glyph) => letters.get(parseInt(glyph, 16)) ?? '?').join(''));
    }
  }
  return lines.join('\n');
}
