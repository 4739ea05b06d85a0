/**
 * Gathers calls that arrive while earlier ones run, and runs them as one: the single statements of
 * many workers become one statement for all and one commit. No call waits for a timer.
 * @param run  takes the gathered items and gives one result per item, in order
 * @param limits  most items in one run, and most runs at the same time
 */
export function createBatch<Item, Result>(
  run: (items: Item[]) => Promise<Result[]>,
  limits: { items: number; runs: number },
): (item: Item) => Promise<Result> {
  interface Waiting {
    item: Item;
    resolve: (result: Result) => void;
    reject: (error: unknown) => void;
  }
  const waiting: Waiting[] = [];
  let running = 0;

  async function runSome(batch: Waiting[]): Promise<void> {
    try {
      const results = await run(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, index) => resolve(results[index] as Result));
    } catch (error) {
      // One bad item must not fail the others: each is run again alone and gets its own error.
      if (batch.length === 1) batch[0]?.reject(error);
      else for (const one of batch) await runSome([one]);
    }
  }

  function pull(): void {
    while (running < limits.runs && waiting.length > 0) {
      running += 1;
      void runSome(waiting.splice(0, limits.items)).finally(() => {
        running -= 1;
        setImmediate(pull);
      });
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      // Calls made in the same turn of the event loop are gathered first.
      setImmediate(pull);
    });
}
