import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import PDFDocument from 'pdfkit';
import type { Language } from '../locales/languages.ts';

const MARGIN = 48;
const FONTS = new URL('../../node_modules/dejavu-fonts-ttf/ttf/', import.meta.url);
const COLOURS = { text: '#111111', faint: '#555555', line: '#bbbbbb' } as const;

export type Pdf = PDFKit.PDFDocument;

let fonts: Promise<{ regular: Buffer; bold: Buffer }> | undefined;

/** Standard fonts of PDF have no Greek, no Cyrillic and little Latin: names would be lost (docs/decisions/pdfs.md). */
function readFonts() {
  const read = (name: string) => readFile(fileURLToPath(new URL(name, FONTS)));
  fonts ??= Promise.all([read('DejaVuSans.ttf'), read('DejaVuSans-Bold.ttf')]).then(([regular, bold]) => ({
    regular,
    bold,
  }));
  return fonts;
}

export interface PdfInfo {
  title: string;
  /** At the bottom of each page. */
  foot: string;
  language: Language;
}

export async function makePdf({ title, foot, language }: PdfInfo, draw: (pdf: Pdf) => void): Promise<Buffer> {
  const { regular, bold } = await readFonts();
  const pdf = new PDFDocument({
    ...{ size: 'A4', margin: MARGIN, bufferPages: true, displayTitle: true, lang: language },
    info: { Title: title, Creator: 'Inventario', Producer: 'Inventario' },
  });
  const chunks: Buffer[] = [];
  pdf.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise((resolve, reject) => pdf.once('end', resolve).once('error', reject));
  pdf.registerFont('regular', regular);
  pdf.registerFont('bold', bold);
  pdf.font('regular').fontSize(10).fillColor(COLOURS.text);
  draw(pdf);
  numberPages(pdf, foot);
  pdf.end();
  await ended;
  return Buffer.concat(chunks);
}

function numberPages(pdf: Pdf, foot: string): void {
  const { start, count } = pdf.bufferedPageRange();
  for (let page = 0; page < count; page++) {
    pdf.switchToPage(start + page);
    // Below the margin, where text would begin a new page.
    pdf.page.margins.bottom = 0;
    const text = `${foot} · ${page + 1}/${count}`;
    const y = pdf.page.height - MARGIN + 12;
    pdf.font('regular').fontSize(8).fillColor(COLOURS.faint);
    pdf.text(text, MARGIN, y, { width: widthOf(pdf), align: 'center', lineBreak: false });
  }
}

export function widthOf({ page }: Pdf): number {
  return page.width - 2 * MARGIN;
}

export function heading(pdf: Pdf, title: string, subtitle: string): void {
  pdf.font('bold').fontSize(18).fillColor(COLOURS.text).text(title, MARGIN, pdf.y);
  pdf.font('regular').fontSize(10).fillColor(COLOURS.faint).text(subtitle);
  pdf.fillColor(COLOURS.text).moveDown(1);
}

/** Side by side, each with a title and its lines. */
export function blocks(pdf: Pdf, columns: { title: string; lines: string[] }[]): void {
  const gap = 20;
  const width = (widthOf(pdf) - gap * (columns.length - 1)) / columns.length;
  const top = pdf.y;
  let bottom = top;
  for (const [index, { title, lines }] of columns.entries()) {
    const x = MARGIN + index * (width + gap);
    pdf.font('bold').fontSize(9).fillColor(COLOURS.faint).text(title, x, top, { width });
    pdf.y += 2;
    pdf.font('regular').fontSize(10).fillColor(COLOURS.text);
    for (const line of lines) pdf.text(line, x, pdf.y, { width });
    bottom = Math.max(bottom, pdf.y);
  }
  pdf.x = MARGIN;
  pdf.y = bottom + 16;
}

export interface TableColumn {
  title: string;
  /** Of the width of the page. */
  share: number;
  align?: 'left' | 'right';
}

/** A row that does not fit begins a new page, with the titles again. */
export function table(pdf: Pdf, columns: TableColumn[], rows: string[][]): void {
  const padding = 5;
  const widths = columns.map(({ share }) => share * widthOf(pdf));
  const drawRow = (cells: string[], font: 'regular' | 'bold') => {
    pdf.font(font).fontSize(9);
    const options = (index: number) => ({
      width: widths[index]! - 2 * padding,
      align: columns[index]!.align ?? ('left' as const),
    });
    const heights = cells.map((cell, index) => pdf.heightOfString(cell, options(index)));
    const height = Math.max(...heights) + 2 * padding;
    if (pdf.y + height > pdf.page.height - MARGIN) {
      pdf.addPage();
      if (font === 'regular') drawTitles();
      pdf.font(font).fontSize(9);
    }
    const top = pdf.y;
    let x = MARGIN;
    for (const [index, cell] of cells.entries()) {
      pdf.text(cell, x + padding, top + padding, options(index));
      x += widths[index]!;
    }
    pdf
      .moveTo(MARGIN, top + height)
      .lineTo(MARGIN + widthOf(pdf), top + height)
      .lineWidth(0.5)
      .strokeColor(COLOURS.line)
      .stroke();
    pdf.x = MARGIN;
    pdf.y = top + height;
  };
  const drawTitles = () =>
    drawRow(
      columns.map(({ title }) => title),
      'bold',
    );
  drawTitles();
  for (const row of rows) drawRow(row, 'regular');
  pdf.moveDown(1);
}

/** Names on the left and amounts on the right of the page's right half; the last one is the sum. */
export function sums(pdf: Pdf, lines: [name: string, amount: string][], strong: number): void {
  const width = widthOf(pdf) / 2;
  const x = MARGIN + width;
  if (pdf.y + lines.length * 16 > pdf.page.height - MARGIN) pdf.addPage();
  for (const [index, [name, amount]] of lines.entries()) {
    const top = pdf.y;
    pdf.font(index === strong ? 'bold' : 'regular').fontSize(index === strong ? 11 : 10);
    pdf.text(name, x, top, { width: width * 0.68 });
    const bottom = pdf.y;
    pdf.text(amount, x + width * 0.68, top, { width: width * 0.32 - 5, align: 'right' });
    pdf.y = Math.max(bottom, pdf.y) + 2;
  }
  pdf.x = MARGIN;
  pdf.moveDown(1);
}

export function paragraph(pdf: Pdf, text: string): void {
  pdf.font('regular').fontSize(9).fillColor(COLOURS.faint);
  pdf.text(text, MARGIN, pdf.y, { width: widthOf(pdf) });
  pdf.fillColor(COLOURS.text);
}
