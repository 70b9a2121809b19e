/*
 * Where things lie in the memory of the slice kernel, which makes the columns of a row group out of stored lines. The
 * kernel (AssemblyScript) and its caller (TypeScript) both read this file, so it holds plain numbers only. What is below
 * the first address belongs to the compiler; what is not fixed here lies where the words say.
 */

/** A stored line begins with `{"id":"`, an id, and `","timestamp":"`. */
export const ID_AT = 7;
export const ID_BYTES = 51;
/** The WAL's uuid and the sequence; the index follows behind a dash. */
export const ID_REQUEST_BYTES = 45;
export const ID_INDEX_BYTES = 5;
export const TIMESTAMP_AT = 73;

/** Words of 32 bits. */
export const WORDS_AT = 0x10000;
/** Rows that were taken, and what they are at most. */
export const ROWS = 0;
export const MAX_ROWS = 1;
/** The lines of the rows, one after another; some bytes behind their end may be written. */
export const LINES_END = 2;
export const LINES_LIMIT = 3;
/** What is known of each row: ROW_BYTES each. */
export const ROW_TABLE = 4;
/** For each column of texts, the number of each row's text, or NO_TEXT; there is room for MAX_ROWS of each. */
export const NUMBERS = 5;
/** The promoted keys: a start and a length each. */
export const KEYS = 6;
export const KEY_COUNT = 7;
/** The column that rows are sorted by within their service, or -1. */
export const SORT_COLUMN = 8;
/** Rows in their order, and room for sorting them, later for the numbers of a column. */
export const ORDER = 9;
export const SPARE = 10;
/** By number of a service or of a text of the sort column: where it stands among the others. */
export const SERVICE_RANKS = 11;
export const VALUE_RANKS = 12;
/** Room for as many counts as there are ranks, and two; later for a column's levels. */
export const COUNTS = 13;
/** Messages that are not ASCII: a start and an end each. Their words are the caller's to find. */
export const ODD_MESSAGES = 14;
export const ODD_MESSAGE_COUNT = 15;
/** The distinct words: pairs of hashes in open addressing, a power of two of places; nothing lies behind them yet. */
export const PAIR_BYTES = 8;
export const WORD_SET = 16;
export const WORD_SET_PLACES = 17;
export const WORD_COUNT = 18;
/** Is there a pair of zeros, which a place of the set cannot hold? */
export const HAS_ZERO_WORD = 19;

/** Where the next row's tags without a column go, as an object of JSON. */
export const REST_END = 20;
/** Room for a number of 64 bits for each row. */
export const WIDE_NUMBERS = 21;
/** Of the column that was written last: how many rows have a value, and where what was written begins. */
export const PRESENT = 22;
export const PAGE_START = 23;
/** The size of the longest line. */
export const LONGEST_LINE = 24;

/** What takeLines returns. */
export const TAKEN = 0;
export const NOT_AS_SAID = 1;
export const TOO_LARGE = 2;

/** The slice: from this key on, and before that one; their ids have ID_BYTES. */
export const FROM_MS_AT = 0x10100;
export const TO_MS_AT = 0x10108;
export const FROM_SUB_MS_NS_AT = 0x10110;
export const TO_SUB_MS_NS_AT = 0x10114;
export const FROM_ID_AT = 0x10120;
export const TO_ID_AT = 0x10160;

/** The least and the greatest of the numbers of 64 bits that were written last. */
export const LEAST_AT = 0x101c0;
export const GREATEST_AT = 0x101c8;

/** The first and the last time of the rows, in nanoseconds. */
export const FIRST_NS_AT = 0x101d0;
export const LAST_NS_AT = 0x101d8;

/** A column's texts: slots, their number less one, texts, how many there are, up to which number they are distinct, their bytes. */
export const TEXTS_AT = 0x10200;
export const TEXTS_BYTES = 24;
export const TEXTS_SLOTS = 0;
export const TEXTS_MASK = 4;
export const TEXTS_LIST = 8;
export const TEXTS_COUNT = 12;
export const TEXTS_LIMIT = 16;
/** Of all rows, also of those that have the same. */
export const TEXTS_TOTAL_BYTES = 20;
/** Slots to begin with: a power of two. What they grow to lies behind them, twice as many each time. */
export const FIRST_SLOTS = 1024;
export const SLOT_BYTES = 16;
/** A text: its start and its length. */
export const TEXT_BYTES = 8;
export const NO_TEXT = -1;

/** A row: its time in nanoseconds and its line. */
export const ROW_BYTES = 16;
export const ROW_NS = 0;
export const ROW_LINE = 8;

/** The columns of texts; promoted keys follow. */
export const ID_REQUEST_COLUMN = 0;
export const ID_INDEX_COLUMN = 1;
export const SERVICE_COLUMN = 2;
export const LEVEL_COLUMN = 3;
export const LEVEL_ORIGINAL_COLUMN = 4;
export const MESSAGE_COLUMN = 5;
export const REST_COLUMN = 6;
export const FIRST_PROMOTED_COLUMN = 7;

/** Where the caller puts what is not fixed. */
export const FREE_AT = 0x11000;
/** What is read and written beyond the ends of what is given. */
export const SPILL_BYTES = 64;

/**
 * Pages of 64 KiB to begin with, and the most a memory may grow to. Both are said to the compiler too. Most slices need no
 * more than the first; pages cost nothing until they are used, but each growth makes V8 collect garbage.
 */
export const SLICE_MEMORY_PAGES = 3072;
export const MAX_SLICE_MEMORY_PAGES = 16_384;
