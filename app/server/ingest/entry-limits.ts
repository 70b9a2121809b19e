/** Longer messages are cut at a character border and the entry gets the tag `truncated`. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Service and tags of one entry together, as JSON; more is refused. */
export const MAX_FIELDS_BYTES = 1024 * 1024;
export const MAX_SERVICE_BYTES = 256;
export const MAX_TAG_KEY_BYTES = 256;
export const MAX_TAGS = 256;
/** Members of one record's objects, dropped ones and all: what is far beyond MAX_TAGS is not even gathered. */
export const MAX_MEMBERS = 2048;
/** Objects and arrays inside each other, the entry itself being the first. */
export const MAX_DEPTH = 32;
/** Longer spellings of a level say nothing; they are cut. */
export const MAX_LEVEL_ORIGINAL_BYTES = 256;
/** Lines over this size go to batches of their own, so that reading their neighbours stays cheap. */
export const LARGE_LINE_BYTES = 64 * 1024;

export const TRUNCATED_TAG = "truncated";

/** Lines that one request may become; names and times can make them many times larger than what was sent. */
export const MAX_REQUEST_LINES_BYTES = 128 * 1024 * 1024;
