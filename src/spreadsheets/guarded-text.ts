/** With one of these, a spreadsheet takes a text for a formula. */
const FORMULA = /^[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/;
const MONTH =
  'ene(?:ro)?|jan(?:uary)?|feb(?:rero|ruary)?|mar(?:zo|ch)?|a[bp]r(?:il)?|mayo?|jun(?:io|e)?|jul(?:io|y)?|' +
  'ago(?:sto)?|aug(?:ust)?|sep(?:t|tiembre|tember)?|oct(?:ubre|ober)?|nov(?:iembre|ember)?|di[cz](?:iembre)?|dec(?:ember)?';
/** Numbers, dates, times and amounts of money, as Excel and LibreOffice in Spanish or English recognise them. */
const NUMBER = new RegExp(
  `^(?:[\\d\\s.,:/()%'’\\p{Sc}+-]|(?<=[\\d.,])e[+-]?\\d|(?<=\\d)t(?=\\d)|\\bde\\b|${MONTH}|[ap]\\.?\\s?m?\\.?$)+$`,
  'iu',
);
const BOOLEAN = /^(?:true|false|verdadero|falso)$/i;
/** Excel and LibreOffice keep 15 digits. */
const SAFE_NUMBER = /^(?:0|[1-9]\d{0,14})$/;

/** The text with a ' before it if a spreadsheet that opens a CSV file would change it: 007, 1E5, 1/2, =A1. */
export function guarded(text: string): string {
  return isRisky(text) && !SAFE_NUMBER.test(text) ? `'${text}` : text;
}

export function withoutGuard(text: string): string {
  return text.startsWith("'") && isRisky(text) ? text.slice(1) : text;
}

/** Looks past leading quotes: '007 has one of its own, so it gets another one. */
function isRisky(text: string): boolean {
  const inner = text.replace(/^'+/, '');
  return FORMULA.test(inner) || BOOLEAN.test(inner) || (NUMBER.test(inner) && /\d/.test(inner));
}
