export { writeDictionary, writeNanoseconds, writeNumbers, writeTexts, writeTimes } from "./columns";
export { sortRows } from "./sort-rows";
export { surveyLines } from "./survey-lines";
export { takeLines } from "./take-lines";
export { addWord, fillFilter } from "./words";
