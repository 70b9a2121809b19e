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
export const STOP_WORDS = 5;

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

/** Where the caller puts a batch. */
export const BATCH_AT = 0x100000;

/** Pages of 64 KiB: what lies above, and the most a memory may grow to. Both are said to the compiler too. */
export const MEMORY_PAGES = 58;
export const MAX_MEMORY_PAGES = 4096;
