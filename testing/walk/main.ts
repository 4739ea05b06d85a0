import { checkWalk, readFrom, WALK_LIMITS } from './walk.ts';

/** `npm run -s walk -- charge`: counts and checks the walk of docs/one-charge.md. */
const [subject = 'charge'] = process.argv.slice(2);
const walk = await checkWalk(
  `docs/one-${subject}.md`,
  readFrom(new URL('../../', import.meta.url)),
);
for (const { file, lines } of walk.opened) console.log(`${String(lines).padStart(5)}  ${file}`);
console.log(
  `${walk.lines} lines in ${walk.opened.length} files ` +
    `(at most ${WALK_LIMITS.lines} in ${WALK_LIMITS.files})`,
);
for (const problem of walk.problems) console.log(`! ${problem}`);
process.exitCode = walk.problems.length > 0 ? 1 : 0;
