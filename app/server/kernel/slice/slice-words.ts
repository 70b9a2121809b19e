import { WORDS_AT } from "./layout";

/** word is a word of the slice, which layout.ts names. */
export function word(name: i32): i32 {
  return load<i32>(WORDS_AT + name * 4);
}

export function setWord(name: i32, value: i32): void {
  store<i32>(WORDS_AT + name * 4, value);
}
