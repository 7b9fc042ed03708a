const LOG_EVERY_MS = 10_000;

/**
 * Says what is being done, how far it is and for how long: on one changing line of a terminal; elsewhere on a
 * line when a step begins, and one every ten seconds.
 */
export class Progress {
  /**
   * How far the step is, such as "45 %".
   *
   * @type {string | (() => string)}
   */
  detail = '';
  #stream;
  #title = '';
  #beganAt = 0;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /** @param {NodeJS.WriteStream} stream */
  constructor(stream = process.stdout) {
    this.#stream = stream;
  }

  /**
   * Ends the step before.
   *
   * @param {string} title
   */
  begin(title) {
    this.end();
    this.#title = title;
    this.#beganAt = Date.now();
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), this.#stream.isTTY ? 1000 : LOG_EVERY_MS).unref();
  }

  /**
   * A line that stays.
   *
   * @param {string} line
   */
  log(line) {
    this.#erase();
    this.#stream.write(`${line}\n`);
    if (this.#timer && this.#stream.isTTY) this.#draw();
  }

  end() {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.detail = '';
    this.#erase();
    if (this.#stream.isTTY) this.#stream.write(`${this.#title}: done in ${this.#seconds()} s\n`);
  }

  #draw() {
    const detail = typeof this.detail === 'function' ? this.detail() : this.detail;
    const seconds = this.#seconds();
    const line = [
      this.#title,
      ...(detail ? [': ', detail] : [' ...']),
      seconds ? ` (${seconds} s)` : '',
    ].join('');
    this.#erase();
    this.#stream.write(this.#stream.isTTY ? line.slice(0, this.#stream.columns - 1) : `${line}\n`);
  }

  #erase() {
    if (this.#stream.isTTY) this.#stream.write('\r\u001b[K');
  }

  #seconds() {
    return Math.round((Date.now() - this.#beganAt) / 1000);
  }
}
