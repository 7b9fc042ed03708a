export class CannotStartError extends Error {
  override name = 'CannotStartError';
}

const SHOWN_LINES = 5;

const ADVICE: [RegExp, string][] = [
  [
    /MY-01406[01]|Invalid MySQL server (upgrade|downgrade)/,
    'The data are of another version of MySQL: start with that version, or upgrade step by step (docs/deployment.md#data-of-another-version).',
  ],
  [
    /No space left|OS errno 28|errno: 28|error number 28|Disk is full/i,
    'The disk is full, or has no free inodes (df -i): make room, then start again.',
  ],
  [/Read-only file system|errno:? 30\b|error number 30\b/i, 'The file system is read-only.'],
  [
    /Permission denied|errno: 13\b|error number 13\b/i,
    'The files belong to another user: give them to the one who starts Inventario (sudo chown -R).',
  ],
  [/Unable to lock|another mysqld/i, 'Another MySQL server uses these data: stop it first.'],
  [/Address already in use/i, 'The port is in use by another program.'],
];

export function explainLog(text: string): string {
  const lines = text.split('\n').filter(Boolean);
  const errors = lines.filter((line) => /\[ERROR\]|\[emerg\]|^mysqld: /.test(line));
  const shown = (errors.length > 0 ? errors : lines).slice(-SHOWN_LINES);
  const advice = ADVICE.filter(([pattern]) => shown.some((line) => pattern.test(line)));
  return [...shown.map((line) => `  ${line}`), ...advice.map(([, what]) => what)].join('\n');
}

/** Of errors of the file system, which name a path. */
export function explainSystemError(error: unknown): string | undefined {
  const { code, path = 'A file' } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return `No space is left for ${path}: make room, or choose another folder with VAR_DIR.`;
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return `${path} may not be used: it belongs to another user.`;
  }
  if (code === 'EROFS') return `${path} is on a disk that is mounted read-only.`;
  return undefined;
}
