export { placeRun } from "./batch";
export { composeBlock } from "./compose-block";
export { countMinutes } from "./count-minutes";
export { clearLines, decodeLines } from "./decode-lines";
export { addName } from "./names";
export { sortEntries } from "./sort-entries";
export { clearTagSummary, tagKeys, tagsAreComplete } from "./tag-summary";
