import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';

// The second half of `npm run build`: the compiler writes dist/ from the programs; what they read
// at run time (migrations, styles) is copied beside them.
const folders = ['api', 'ledger'];
const root = join(import.meta.dirname, '..');

for (const folder of folders) {
  const names = await readdir(join(root, folder), { recursive: true });
  for (const name of names.filter((each) => /\.(sql|css|html|svg|js)$/.test(each))) {
    await cp(join(root, folder, name), join(root, 'dist', folder, name));
  }
}
