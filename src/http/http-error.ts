/** An answer other than success, with the key of a text that tells the person why. */
export class HttpError extends Error {
  override name = 'HttpError';
  readonly status: number;
  readonly textKey: string;

  constructor(status: number, textKey: string) {
    super(textKey);
    this.status = status;
    this.textKey = textKey;
  }
}
