export { composeBlock } from "./compose-block";
export { clearLines, decodeLines } from "./decode-lines";
export { addName } from "./names";
export { clearTagSummary, tagKeys, tagsAreComplete } from "./tag-summary";
