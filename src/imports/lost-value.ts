/** As Excel and LibreOffice write them, in Spanish and English. */
const ERRORS = [
  'N/A|N/D|GETTING_DATA|OBTENIENDO_DATOS',
  '[¡¿]?(DIV/0|REF|NUM|CALC|PYTHON)!',
  '(NULL|VALUE|SPILL|FIELD|BLOCKED|CONNECT|UNKNOWN|BUSY|EXTERNAL)!',
  '¡?(NULO|VALOR|DESBORDAMIENTO|DESBORDAR|CAMPO|BLOQUEADO|CONECTAR|DESCONOCIDO|OCUPADO|EXTERNO)!',
  'NAME\\?|¿?NOMBRE\\?',
].join('|');

const LOSSES = [
  { is: 'error', looks: new RegExp(`^(#(${ERRORS})|Err(or)?:\\d{3})$`, 'iu') },
  { is: 'tooNarrow', looks: /^#{2,}$/ },
  { is: 'scientific', looks: /^-?\d([.,]\d+)?E\+\d{1,3}$/i },
] as const;

export function findLoss(text: string): (typeof LOSSES)[number]['is'] | undefined {
  const trimmed = text.trim();
  return LOSSES.find(({ looks }) => looks.test(trimmed))?.is;
}
