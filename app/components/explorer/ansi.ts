/** AnsiStyle is what a terminal would have done to a piece of text; colours are 0 to 15, as terminals number them. */
export interface AnsiStyle {
  color: number | null;
  background: number | null;
  isBold: boolean;
  isDim: boolean;
  isItalic: boolean;
  isUnderlined: boolean;
}

export interface StyledText {
  text: string;
  style: AnsiStyle | null;
}

const PLAIN: AnsiStyle = {
  color: null,
  background: null,
  isBold: false,
  isDim: false,
  isItalic: false,
  isUnderlined: false,
};

/**
 * The escape sequences that are taken for colours and for links (of which the text stays). Every other escape character
 * stays in the text, where it is made visible: what a terminal does with those is nothing that a page should do.
 */
// eslint-disable-next-line no-control-regex
const SEQUENCE = /\u001b\[([\d;:]{0,64})m|\u001b\]8;[^\u0007\u001b]{0,2048}(?:\u0007|\u001b\\)/g;

/** hasAnsi tells quickly whether there is anything to parse. */
export function hasAnsi(text: string): boolean {
  return text.includes("\u001b");
}

/** parseAnsi cuts a text into pieces of one style each, without the sequences that set it. */
export function parseAnsi(text: string): StyledText[] {
  const pieces: StyledText[] = [];
  let style = PLAIN;
  let at = 0;
  for (const match of text.matchAll(SEQUENCE)) {
    push(text.slice(at, match.index));
    at = match.index + match[0].length;
    if (match[1] !== undefined) style = applied(style, match[1]);
  }
  push(text.slice(at));
  return pieces;

  function push(piece: string): void {
    if (piece !== "") pieces.push({ text: piece, style: style === PLAIN ? null : style });
  }
}

/** stripAnsi is the text without colours. */
export function stripAnsi(text: string): string {
  return hasAnsi(text) ? text.replace(SEQUENCE, "") : text;
}

function applied(style: AnsiStyle, parameters: string): AnsiStyle {
  const codes = parameters === "" ? [0] : parameters.split(/[;:]/).map(Number);
  let next = style;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0;
    if (code === 38 || code === 48) {
      const { color, length } = extendedColor(codes, i + 1);
      next = code === 38 ? { ...next, color } : { ...next, background: color };
      i += length;
    } else next = appliedOne(next, code);
  }
  return next;
}

function appliedOne(style: AnsiStyle, code: number): AnsiStyle {
  if (code === 0) return PLAIN;
  if (code === 1) return { ...style, isBold: true };
  if (code === 2) return { ...style, isDim: true };
  if (code === 3) return { ...style, isItalic: true };
  if (code === 4) return { ...style, isUnderlined: true };
  if (code === 22) return { ...style, isBold: false, isDim: false };
  if (code === 23) return { ...style, isItalic: false };
  if (code === 24) return { ...style, isUnderlined: false };
  if (code >= 30 && code <= 37) return { ...style, color: code - 30 };
  if (code >= 90 && code <= 97) return { ...style, color: code - 82 };
  if (code >= 40 && code <= 47) return { ...style, background: code - 40 };
  if (code >= 100 && code <= 107) return { ...style, background: code - 92 };
  if (code === 39) return { ...style, color: null };
  if (code === 49) return { ...style, background: null };
  return style;
}

/** Of 256 colours and of true colours the nearest of the sixteen is taken: only those are readable in both themes. */
function extendedColor(codes: readonly number[], at: number): { color: number | null; length: number } {
  if (codes[at] === 5) {
    const index = codes[at + 1] ?? 0;
    if (index < 16) return { color: index, length: 2 };
    if (index >= 232) return { color: index < 244 ? 8 : 7, length: 2 };
    const cube = index - 16;
    return { color: nearest(Math.floor(cube / 36) * 51, (Math.floor(cube / 6) % 6) * 51, (cube % 6) * 51), length: 2 };
  }
  if (codes[at] === 2) return { color: nearest(codes[at + 1] ?? 0, codes[at + 2] ?? 0, codes[at + 3] ?? 0), length: 4 };
  return { color: null, length: 0 };
}

function nearest(red: number, green: number, blue: number): number {
  const most = Math.max(red, green, blue);
  const bits = (red > most / 2 ? 1 : 0) + (green > most / 2 ? 2 : 0) + (blue > most / 2 ? 4 : 0);
  if (most < 48) return 0;
  return most > 192 ? bits + 8 : bits;
}
