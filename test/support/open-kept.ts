import { startEmbeddedPostgres } from '../../app/postgres/postgres.ts';

const dir = process.argv[2];
if (dir === undefined) throw new Error('Usage: npx tsx test/support/open-kept.ts FOLDER');
const postgres = await startEmbeddedPostgres({ dir, log: console.log });
console.log(`Open until Ctrl-C: ${postgres.url} (put a kept database's name for the last "levy")`);
process.once('SIGINT', () => void postgres.stop());
process.stdin.resume();
