import { parseAnsi, type AnsiStyle } from "#app/components/explorer/ansi.ts";
import { findSpans, type TextSpan } from "#app/components/explorer/highlight.ts";
import { visibleParts } from "#app/components/explorer/visible-text.ts";
import type { PositiveText } from "#app/core/query/positive-texts.ts";

/** LineSegment is a piece of a line that is drawn in one way. */
export interface LineSegment {
  text: string;
  /** Set for a character that is named instead of drawn; `text` is its symbol. */
  symbolName: string | null;
  style: AnsiStyle | null;
  isMatch: boolean;
}

export interface SegmentedLine {
  segments: LineSegment[];
  /** Characters beyond the budget, which are not looked at. */
  leftOut: number;
}

export interface SegmentOptions {
  wanted: readonly PositiveText[];
  /** UTF-16 code units of the line that are drawn; a line of a megabyte must not stop the page. */
  maxLength: number;
  /** Line feeds are drawn as a sign, so that a row keeps its height. */
  isOneLine: boolean;
}

/** segmentLine prepares a text from a log for drawing: colours as styles, matches marked, nothing in it able to act. */
export function segmentLine(text: string, { wanted, maxLength, isOneLine }: SegmentOptions): SegmentedLine {
  const shown = cut(text, maxLength);
  const pieces = parseAnsi(shown);
  const spans = findSpans(pieces.map((piece) => piece.text).join(""), wanted);
  const segments: LineSegment[] = [];
  let offset = 0;
  for (const piece of pieces) {
    for (const { text: part, isMatch } of splitAt(piece.text, offset, spans)) {
      for (const visible of visibleParts(part)) {
        if ("symbol" in visible) {
          segments.push({ text: visible.symbol, symbolName: visible.name, style: piece.style, isMatch });
        } else if (isOneLine) pushOneLine(segments, visible.text, piece.style, isMatch);
        else segments.push({ text: visible.text, symbolName: null, style: piece.style, isMatch });
      }
    }
    offset += piece.text.length;
  }
  return { segments, leftOut: text.length - shown.length };
}

/** cut never leaves half of a surrogate pair. */
function cut(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const unit = text.charCodeAt(maxLength - 1);
  return text.slice(0, unit >= 0xd800 && unit <= 0xdbff ? maxLength - 1 : maxLength);
}

function pushOneLine(segments: LineSegment[], text: string, style: AnsiStyle | null, isMatch: boolean): void {
  text.split("\n").forEach((line, index) => {
    if (index > 0) segments.push({ text: "↵ ", symbolName: "line feed", style, isMatch: false });
    if (line !== "") segments.push({ text: line, symbolName: null, style, isMatch });
  });
}

function splitAt(text: string, offset: number, spans: readonly TextSpan[]): { text: string; isMatch: boolean }[] {
  const parts: { text: string; isMatch: boolean }[] = [];
  let at = 0;
  for (const span of spans) {
    const start = Math.max(0, span.start - offset);
    const end = Math.min(text.length, span.end - offset);
    if (end <= 0 || start >= text.length) continue;
    if (start > at) parts.push({ text: text.slice(at, start), isMatch: false });
    parts.push({ text: text.slice(start, end), isMatch: true });
    at = end;
  }
  if (at < text.length) parts.push({ text: text.slice(at), isMatch: false });
  return parts;
}
