/**
 * Weak findings by the keyboard: `a` accepts the row that has the focus, `r` refuses it, and the
 * focus goes to the next row. The buttons work in the same way, and without this script.
 */
const list = document.querySelector('#weak');
const news = document.querySelector('#review-news');
const VERDICTS = { a: 'accepted', r: 'refused' };
/** A row whose verdict is on its way takes no other. */
const underWay = new WeakSet();

function leave(row) {
  const next = row.nextElementSibling ?? row.previousElementSibling;
  const hadFocus = row.contains(document.activeElement);
  row.remove();
  if (!hadFocus) return;
  const field = next?.querySelector('a');
  if (field) return field.focus();
  news.tabIndex = -1;
  news.focus();
}

async function decide(form, verdict) {
  const row = form.closest('tr');
  if (underWay.has(row)) return;
  underWay.add(row);
  const who = row.querySelector('th a').textContent;
  try {
    const body = new URLSearchParams(new FormData(form));
    body.set('verdict', verdict);
    // A decision that was taken answers with the way back to the list.
    const answer = await fetch(form.action, { method: 'POST', body, redirect: 'manual' });
    if (answer.type !== 'opaqueredirect') {
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const why = page.querySelector('main h1')?.textContent.trim();
      news.textContent = `${who}: ${why || 'it was not decided'}. Load the page again.`;
      return;
    }
    leave(row);
    const left = list.querySelectorAll('tbody tr').length;
    const said = verdict === 'accepted' ? 'Accepted' : 'Refused';
    news.textContent = `${said}: ${who}. ${left || 'None is'} left here.`;
  } catch {
    news.textContent = `${who}: the line broke. Try again.`;
  } finally {
    underWay.delete(row);
  }
}

if (list && news) {
  list.addEventListener('submit', (event) => {
    event.preventDefault();
    decide(event.target, event.submitter.value);
  });
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest?.('input, select, textarea, dialog')) return;
    const form = document.activeElement?.closest('#weak tr')?.querySelector('form');
    const verdict = VERDICTS[event.key];
    if (!form || !verdict) return;
    event.preventDefault();
    decide(form, verdict);
  });
}
