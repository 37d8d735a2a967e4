import type { ReadStream, WriteStream } from 'node:tty';
import { type Line, painted } from './text.ts';

const ESC = '\u001b[';
/** A screen of its own, so that what is there comes back, whatever becomes of the terminal's size meanwhile. */
const ENTER = `${ESC}?1049h${ESC}?25l`;
const LEAVE = `${ESC}?25h${ESC}?1049l`;
/** Terminals that know these two show all that is between them at once. */
const [BEGIN, END] = [`${ESC}?2026h`, `${ESC}?2026l`];
/** q, Ctrl-C, Ctrl-D. */
const ENDING = ['q', 'Q', '\u0003', '\u0004'];
const CTRL_Z = '\u001a';

interface ScreenOptions {
  readonly output: WriteStream;
  /** Where keys come from, if that is a terminal. */
  readonly input: ReadStream | undefined;
  /** Ctrl-C or q. */
  readonly onEnd: () => void;
}

/** The terminal while a table is drawn on it; as it was before once it is closed, or the process exits. */
export class Screen {
  readonly #options: ScreenOptions;
  #isOpen = false;
  #shown = '';
  #redraw = () => {};

  constructor(options: ScreenOptions) {
    this.#options = options;
  }

  get size(): { columns: number; rows: number } {
    const { columns, rows } = this.#options.output;
    // A character in the last column leaves the cursor between two lines.
    return { columns: (columns || 80) - 1, rows: rows || 24 };
  }

  /** Calls back whenever all has to be drawn anew. */
  open(redraw: () => void): void {
    const { output, input } = this.#options;
    this.#redraw = redraw;
    this.#enter();
    input?.on('data', this.#keys);
    output.on('resize', this.#resized);
    process.on('SIGCONT', this.#enter);
    process.on('exit', this.#leave);
  }

  draw(lines: readonly Line[]): void {
    if (!this.#isOpen) return;
    const text = this.#text(lines, `${ESC}K\r\n`);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#options.output.write(`${BEGIN}${ESC}H${text}${ESC}J${END}`);
  }

  /** Gives the terminal back, with these lines on it. */
  close(lines: readonly Line[]): void {
    const { output, input } = this.#options;
    this.#leave();
    input?.off('data', this.#keys);
    input?.pause();
    output.off('resize', this.#resized);
    process.off('SIGCONT', this.#enter);
    process.off('exit', this.#leave);
    output.write(`${this.#text(lines, '\n')}\n`);
  }

  #text(lines: readonly Line[], newLine: string): string {
    // Knows of NO_COLOR, and of terminals without colours.
    const inColour = this.#options.output.hasColors();
    return lines.map((line) => painted(line, inColour)).join(newLine);
  }

  readonly #enter = (): void => {
    if (this.#isOpen) return;
    const { output, input } = this.#options;
    this.#isOpen = true;
    input?.setRawMode(true);
    output.write(ENTER);
    this.#resized();
  };

  readonly #resized = (): void => {
    // A terminal does what it likes with what it shows when its size changes.
    this.#shown = '';
    this.#redraw();
  };

  readonly #leave = (): void => {
    if (!this.#isOpen) return;
    const { output, input } = this.#options;
    this.#isOpen = false;
    output.write(LEAVE);
    input?.setRawMode(false);
  };

  readonly #keys = (keys: Buffer): void => {
    const pressed = keys.toString('latin1');
    if (ENDING.some((key) => pressed.includes(key))) this.#options.onEnd();
    else if (pressed.includes(CTRL_Z)) {
      this.#leave();
      // Of all in front of the terminal, as it would itself: npm and npx wait for us.
      process.kill(0, 'SIGTSTP');
    }
  };
}
