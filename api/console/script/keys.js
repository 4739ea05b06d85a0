/**
 * The keyboard of every page: `/` goes to the search field, the arrows (or j and k) go through the
 * rows of the page's list, Enter opens a row's first link, `?` lists the keys, Escape closes what
 * is open above the page.
 */

/** Whether a key belongs to the field that has the focus. */
function isTyping({ target }) {
  return target instanceof Element && target.closest('input, select, textarea, dialog') !== null;
}

/** The rows a person goes through: those of the first table that has links. */
function rows() {
  return [...document.querySelectorAll('main tbody tr')].filter((row) => row.querySelector('a'));
}

/** Puts the focus on the first link of the row `by` rows away from the present one. */
function step(by) {
  const all = rows();
  const present = all.findIndex((row) => row.contains(document.activeElement));
  const next = present < 0 ? 0 : Math.min(Math.max(present + by, 0), all.length - 1);
  all[next]?.querySelector('a')?.focus();
  return all.length > 0;
}

const ACTS = {
  '/': () => {
    const field = document.querySelector('input[type="search"]');
    field?.focus();
    return field !== null;
  },
  ArrowDown: () => step(1),
  j: () => step(1),
  ArrowUp: () => step(-1),
  k: () => step(-1),
  '?': () => {
    const help = document.querySelector('dialog#keys');
    help?.showModal();
    return help !== null;
  },
};

/** The open menu behind “More”, if there is one. */
const openMenu = () => document.querySelector('details.more[open]');

document.addEventListener('click', ({ target }) => {
  const menu = openMenu();
  if (menu && !menu.contains(target)) menu.open = false;
});

document.addEventListener('keydown', (event) => {
  const menu = event.key === 'Escape' ? openMenu() : null;
  if (menu) {
    menu.open = false;
    menu.querySelector('summary').focus();
  }
  if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (ACTS[event.key]?.()) event.preventDefault();
});
