/**
 * Runs the task for every item, in their order, at most so many at once. After a failure nothing more is begun;
 * it is thrown once what was under way has ended, so that nobody's work is left unwatched.
 */
export async function atMost<T>(
  size: number,
  items: readonly T[],
  task: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const failures: unknown[] = [];
  const work = async () => {
    for (const item of queue) {
      await task(item).catch((error: unknown) => failures.push(error));
      if (failures.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(size, items.length) }, work));
  if (failures.length > 0) throw failures[0];
}
