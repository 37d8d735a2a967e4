/** Text as a terminal shows it: in cells, of which some characters take two and some none. */

/** A piece of a line, and how it is painted. */
export interface Span {
  readonly text: string;
  readonly paint?: Paint | undefined;
}

export type Line = readonly Span[];
export type Paint = keyof typeof CODES;

/** What begins and what ends it. */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
} as const;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const EMPTY = /^[\p{M}\p{Cf}]+$/u;
const WIDE =
  /^(\p{Emoji_Presentation}|.\uFE0F|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|[\u{20000}-\u{3FFFD}])/u;

/** In cells. */
export function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += cellsOf(segment);
  return width;
}

/** What strangers wrote (symbols, reasons), without what would command the terminal or turn the text around. */
export function harmless(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '');
}

/** As much of it as fits, with an ellipsis where that is not all. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let [kept, used] = ['', 0];
  for (const { segment } of graphemes.segment(text)) {
    used += cellsOf(segment);
    if (used >= width) break;
    kept += segment;
  }
  return width > 0 ? `${kept}…` : '';
}

export function pad(text: string, width: number, side: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return side === 'left' ? text + space : space + text;
}

/** The line, no wider than so many cells. */
export function fit(line: Line, width: number): Line {
  const fitted: Span[] = [];
  let left = width;
  for (const { text, paint } of line) {
    const kept = cut(text, left);
    fitted.push({ text: kept, paint });
    left -= widthOf(text);
    if (left < 0) break;
  }
  return fitted;
}

/** As it is sent to the terminal. */
export function painted(line: Line, inColour: boolean): string {
  return line
    .map(({ text, paint }) => {
      if (!inColour || !paint) return text;
      const [begin, end] = CODES[paint];
      return `\u001b[${begin}m${text}\u001b[${end}m`;
    })
    .join('');
}

function cellsOf(grapheme: string): number {
  if (EMPTY.test(grapheme)) return 0;
  return WIDE.test(grapheme) ? 2 : 1;
}
