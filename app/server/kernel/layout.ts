/*
 * Where things lie in the memory of the line kernel. The kernel (AssemblyScript) and its callers (TypeScript) both read
 * this file, so it holds plain numbers only. What is below the first address belongs to the compiler.
 */

/** Words of 32 bits that the kernel leaves for its caller; the STOP_ words below count them. */
export const STOP_AT = 0x10000;
/** Address of the record that was not taken, or behind the last one that was. */
export const STOP_POSITION = 0;
/** Entries whose lines were written since `clearLines`. */
export const STOP_ENTRIES = 1;
export const STOP_LINES_END = 2;
/** The name that is in no table. */
export const STOP_NAME = 3;
export const STOP_NAME_LENGTH = 4;
/** Of the lines since `clearLines`; the times are doubles, in ms. */
export const STOP_MAX_LINE_BYTES = 5;
export const STOP_WORDS = 6;
export const STOP_MIN_MS_AT = 0x10040;
export const STOP_MAX_MS_AT = 0x10048;

/** Why decoding stopped. All are smaller than any address. */
export const BEHIND_RECORD = 1;
/** The record needs a closer look than the kernel's. */
export const NOT_CANONICAL = 2;
/** The bytes ended inside the record. */
export const CUT = 3;
/** Lines or columns must be taken out first. */
export const FULL = 4;
export const UNKNOWN_SERVICE_NAME = 5;
export const UNKNOWN_LEVEL_NAME = 6;

/** Where the tag keys of one record are noted, a start and an end each. */
export const TAG_KEYS_AT = 0x10100;
export const MAX_SCANNED_TAGS = 16;

/** Where a caller puts the segment of a name that it adds. */
export const SEGMENT_AT = 0x10200;
export const MAX_SEGMENT_BYTES = 2048;

/** Tables of names: open addressing; each slot is eight words, see names.ts. */
export const SERVICES_AT = 0x11000;
export const LEVELS_AT = 0x19000;
export const NAME_SLOTS = 1024;
export const NAME_SLOT_BYTES = 32;
/** The names and segments themselves. */
export const NAMES_AT = 0x21000;
export const NAMES_END = 0x60000;

/** The columns of the entries whose lines were written; see BlockColumns. */
export const MAX_ENTRIES = 0x4000;
export const MS_AT = 0x60000;
export const ENDS_AT = 0x80000;
export const SUB_MS_NS_AT = 0x90000;
export const SERVICE_OF_AT = 0xa0000;
export const TAGS_START_AT = 0xb0000;
export const LEVEL_OF_AT = 0xc0000;

/*
 * What a caller says once for many records that come in protobuf: the records of one resource and scope, or of one stream.
 * The words, then the bytes that they count: segments of a line, and tags as a line spells them.
 */
export const SHARED_WORDS_AT = 0xc4000;
export const SHARED_SERVICE_BYTES = 0;
export const SHARED_SERVICE_NUMBER = 1;
/** Of a stream; the level of a LogRecord is its own. */
export const SHARED_LEVEL_BYTES = 2;
export const SHARED_LEVEL_NUMBER = 3;
export const SHARED_TAGS_BYTES = 4;
export const SHARED_KEYS = 5;
export const SHARED_WORDS = 6;
export const SHARED_SERVICE_AT = 0xc5000;
export const SHARED_LEVEL_AT = 0xc6000;
export const SHARED_TAGS_AT = 0xc8000;
export const MAX_SHARED_TAGS_BYTES = 0x8000;

/** The keys of one line's tags, a start and an end each: those of the shared tags first. */
export const COMPOSED_KEYS_AT = 0xd1000;
/** The attributes of one record, a start and an end each. */
export const ATTRIBUTES_AT = 0xd2000;
/** Attributes of one record, and as many shared tags; more take the general path. */
export const MAX_COMPOSED_TAGS = 64;
/** A LogRecord's severity number, and its text behind it. */
export const SEVERITY_AT = 0xd3000;
/** The second that was written last: `2026-11-25T04:30:00.`. */
export const SECOND_AT = 0xd4000;

/** Records of more bytes take the general path: every byte may become six, and entries have limits. */
export const MAX_COMPOSED_BYTES = 0x20000;

/** Names of tags that are more than tags, see special-names.ts. A slot: name, its length, hash, flags. */
export const SPECIAL_NAMES_AT = 0xd5000;
export const SPECIAL_SLOTS = 256;
export const SPECIAL_SLOT_BYTES = 16;
export const SPECIAL_TEXTS_AT = 0xd7000;
/** Another spelling of a trace's or span's id. */
export const SPECIAL_TRACE = 1;
/** A label that says the service or the level. */
export const SPECIAL_LABEL = 2;
/** A label that says the service when no other does. */
export const SPECIAL_HINT = 4;

/** The sender's bytes; some behind their end are read and ignored. */
export const SOURCE_AT = 0x100000;
export const SOURCE_BYTES = 0x100000;

/** The lines; what is copied may spill some bytes over its end. */
export const LINES_AT = 0x210000;
export const LINES_END = 0x390000;

/*
 * A kernel composes blocks or decodes lines, never both, so what follows lies where the columns and the source do.
 */

/** The tag summary: slots of a key, its length, a number of values, and a place and length for each value. */
export const MAX_TAG_KEYS = 64;
/** A key with more distinct values than this, or one longer value, prunes nothing and lists none. */
export const MAX_TAG_VALUES = 16;
export const MAX_TAG_VALUE_BYTES = 64;
export const TAG_KEY_SLOT_BYTES = 140;
export const TAG_SLOTS_AT = 0x60000;
export const TAG_TEXTS_AT = 0x70000;

/** What composing a block leaves: the address behind its lines, and two of its entries. */
export const BLOCK_LINES_END = 0x10050;
export const BLOCK_EARLIEST = 0x10054;
export const BLOCK_LATEST = 0x10058;

/** The words of a batch: numbers, and addresses of columns, which have a word for each entry if nothing else is said. */
export const BATCH_WORDS_AT = 0x10300;
export const BATCH_ENTRIES = 0;
/** Doubles. */
export const BATCH_MS = 1;
export const BATCH_ENDS = 2;
export const BATCH_SUB_MS_NS = 3;
export const BATCH_SERVICE_OF = 4;
export const BATCH_TAGS_START = 5;
/** Bytes. */
export const BATCH_LEVEL_OF = 6;
/** The lines as they came. */
export const BATCH_BYTES = 7;
/** Entries in the order of the object, and room for sorting them. */
export const BATCH_ORDER = 8;
export const BATCH_SPARE = 9;
/** Which of the prefixes `{"id":"<walId>-<sequence>-`, all of one length, and the index behind it. */
export const BATCH_PREFIX_OF = 10;
export const BATCH_INDEX_OF = 11;
export const BATCH_PREFIXES = 12;
export const BATCH_PREFIX_BYTES = 13;
/** Services, a rank for each, two more group starts, and what to count each rank as. */
export const BATCH_SERVICES = 14;
export const BATCH_RANKS = 15;
export const BATCH_GROUP_STARTS = 16;
export const BATCH_COUNTED_AS = 17;
export const BATCH_COUNTS = 18;
export const BATCH_SLOTS = 19;
export const BATCH_COUNT_SLOTS = 20;
/** Where the next block is written. */
export const BATCH_LINES = 21;
export const BATCH_WORDS = 22;
export const COUNT_BYTES = 16;

/** Where the caller puts a batch. */
export const BATCH_AT = 0x100000;

/** Pages of 64 KiB: what lies above, and the most a memory may grow to. Both are said to the compiler too. */
export const MEMORY_PAGES = 58;
export const MAX_MEMORY_PAGES = 4096;
