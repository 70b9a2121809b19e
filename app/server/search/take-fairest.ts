/**
 * takeFairest takes out of a list whose turn is next: the first of the project with the fewest at work. Null when every
 * project that waits has `mostOfProject` at work.
 */
export function takeFairest<T extends { projectId: string }>(
  waiting: T[],
  working: Iterable<T>,
  mostOfProject = Infinity,
): T | null {
  const atWork = new Map<string, number>();
  for (const { projectId } of working) atWork.set(projectId, (atWork.get(projectId) ?? 0) + 1);
  let best = -1;
  let fewest = mostOfProject;
  for (const [i, { projectId }] of waiting.entries()) {
    const count = atWork.get(projectId) ?? 0;
    if (count >= fewest) continue;
    best = i;
    fewest = count;
  }
  return best === -1 ? null : (waiting.splice(best, 1)[0] ?? null);
}
