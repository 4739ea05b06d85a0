// A process of its own that runs an embedded Postgres, to be killed by a test. It imports the
// module given as its first argument, so that a test can run a copy of it from elsewhere.
const [module, dir] = process.argv.slice(2);
const { startEmbeddedPostgres } = (await import(
  module!
)) as typeof import('../../app/postgres/postgres.ts');
const lines: string[] = [];
const postgres = await startEmbeddedPostgres({ dir: dir!, log: (line) => lines.push(line) });
console.log(JSON.stringify({ url: postgres.url, dataDir: postgres.dataDir, lines }));
process.stdin.resume().on('end', () => void postgres.remove());
