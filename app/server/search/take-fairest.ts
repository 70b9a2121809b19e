/**
 * takeFairest takes out of a list, which is not empty, whose turn is next: the first of the project with the fewest at work.
 */
export function takeFairest<T extends { projectId: string }>(waiting: T[], working: Iterable<T>): T {
  const atWork = new Map<string, number>();
  for (const { projectId } of working) atWork.set(projectId, (atWork.get(projectId) ?? 0) + 1);
  let best = 0;
  let fewest = Infinity;
  for (const [i, { projectId }] of waiting.entries()) {
    const count = atWork.get(projectId) ?? 0;
    if (count >= fewest) continue;
    best = i;
    fewest = count;
  }
  return waiting.splice(best, 1)[0] as T;
}
