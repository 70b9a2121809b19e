import { memo, useMemo } from "react";
import type { AnsiStyle } from "#app/components/explorer/ansi.ts";
import { segmentLine, type LineSegment } from "#app/components/explorer/line-segments.ts";
import type { PositiveText } from "#app/core/query/positive-texts.ts";
import { formatCount } from "#app/components/format.ts";

export interface LogTextProps {
  text: string;
  wanted: readonly PositiveText[];
  maxLength: number;
  isOneLine: boolean;
}

/**
 * LogText draws text from a log. All of it are text nodes, so nothing in it can be more than text. It
 * stands in an element of its own, whose direction then is nobody else's.
 */
export const LogText = memo(function LogText({ text, wanted, maxLength, isOneLine }: LogTextProps) {
  const { segments, leftOut } = useMemo(
    () => segmentLine(text, { wanted, maxLength, isOneLine }),
    [text, wanted, maxLength, isOneLine],
  );
  const [first] = segments;
  const isPlain = segments.length === 1 && first !== undefined && isOrdinary(first);
  return (
    <>
      {isPlain ? first.text : segments.map((segment, index) => <Segment key={index} segment={segment} />)}
      {leftOut > 0 && <span className="text-muted"> … {formatCount(leftOut)} more characters</span>}
    </>
  );
});

function isOrdinary({ symbolName, style, isMatch }: LineSegment): boolean {
  return symbolName === null && style === null && !isMatch;
}

function Segment({ segment }: { segment: LineSegment }) {
  const { text, symbolName, style, isMatch } = segment;
  if (isOrdinary(segment)) return text;
  const look = style === null ? "" : ansiClass(style);
  if (symbolName !== null)
    return (
      <span title={symbolName} className="rounded-xs bg-sunken px-0.5 text-[0.9em] text-muted">
        {text}
      </span>
    );
  return isMatch ? (
    <mark className={`rounded-xs bg-match text-ink ${look}`}>{text}</mark>
  ) : (
    <span className={look}>{text}</span>
  );
}

/** Class names are written out, since Tailwind makes only those it finds in the sources. */
const COLORS = [
  "text-ansi-black",
  "text-ansi-red",
  "text-ansi-green",
  "text-ansi-yellow",
  "text-ansi-blue",
  "text-ansi-magenta",
  "text-ansi-cyan",
  "text-ansi-white",
];

function ansiClass({ color, background, isBold, isDim, isItalic, isUnderlined }: AnsiStyle): string {
  return [
    color === null ? "" : COLORS[color % 8],
    // A background that a sender chose may make any text unreadable; that there is one is shown, and which is not.
    background === null ? "" : "bg-sunken",
    isBold ? "font-bold" : "",
    isDim && color === null ? "text-muted" : "",
    isItalic ? "italic" : "",
    isUnderlined ? "underline" : "",
  ].join(" ");
}
