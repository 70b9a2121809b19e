/** hasCoarsePointer is true on phones and the like, where a field that takes the focus brings a keyboard up. */
export function hasCoarsePointer(): boolean {
  return window.matchMedia("(pointer: coarse)").matches;
}
