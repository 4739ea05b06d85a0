/**
 * Sends each chosen or dropped export by itself, one after the other, and shows how far it is and
 * what came of it. The form works without this script. A cancelled file leaves nothing behind.
 */
const form = document.querySelector('form#upload');
const input = form?.querySelector('input[type="file"]');
const list = document.querySelector('#queue');
const news = document.querySelector('#upload-news');

/** Files that wait, each with its line in the list. */
const waiting = [];
let sending = false;

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function enqueue(file) {
  const name = element('strong', { textContent: file.name });
  const said = element('span', { textContent: 'Waits.' });
  const stop = element('button', { type: 'button', className: 'small plain' }, 'Cancel');
  stop.setAttribute('aria-label', `Cancel ${file.name}`);
  const line = element('li', { className: 'outcome' }, name, said, stop);
  const entry = { file, line, said, stop, request: null };
  stop.addEventListener('click', () => cancel(entry));
  list.append(line);
  list.hidden = false;
  waiting.push(entry);
}

function cancel(entry) {
  const at = waiting.indexOf(entry);
  if (at >= 0) waiting.splice(at, 1);
  if (entry.request) entry.request.abort();
  else finish(entry, 'Cancelled: nothing of it was kept.');
}

/** The line of a file that was not read, and why. */
function finish({ line, said, stop }, words) {
  const hadFocus = line.contains(document.activeElement);
  said.textContent = words;
  stop.remove();
  line.querySelector('progress')?.remove();
  line.classList.add('refused');
  if (hadFocus) input.focus();
  news.textContent = `${line.querySelector('strong').textContent}: ${words}`;
}

/** Puts what the server's page says of the file in the place of its line. */
function show(entry, page) {
  const outcome = page?.querySelector('.outcomes > li');
  if (!outcome) {
    const why = page?.querySelector('main h1')?.textContent.trim();
    return finish(entry, why || 'The server gave no answer. Send the file again.');
  }
  const hadFocus = entry.line.contains(document.activeElement);
  const shown = document.importNode(outcome, true);
  entry.line.replaceWith(shown);
  if (hadFocus) (shown.querySelector('a') ?? input).focus();
  news.textContent = shown.textContent.replace(/\s+/g, ' ').trim();
}

function send(entry) {
  const request = new XMLHttpRequest();
  const progress = element('progress', { max: 1, value: 0 });
  progress.setAttribute('aria-label', `How much of ${entry.file.name} was sent`);
  entry.request = request;
  entry.said.textContent = 'Is sent.';
  entry.said.after(progress);
  // The token stands before the file: the server reads no file without it.
  const body = new FormData();
  for (const name of ['token', 'vendor', 'from', 'to'])
    body.append(name, form.elements.namedItem(name).value);
  body.append('file', entry.file);
  request.upload.addEventListener('progress', ({ lengthComputable, loaded, total }) => {
    if (!lengthComputable) return;
    progress.value = loaded / total;
    if (loaded === total) entry.said.textContent = 'Was sent, and is read.';
  });
  request.addEventListener('load', () => show(entry, request.response));
  request.addEventListener('error', () =>
    finish(entry, 'The line broke, and nothing of it was kept. Send it again.'),
  );
  request.addEventListener('abort', () => finish(entry, 'Cancelled: nothing of it was kept.'));
  request.addEventListener('loadend', () => {
    sending = false;
    next();
  });
  request.open('POST', form.action);
  request.responseType = 'document';
  request.setRequestHeader('accept', 'text/html');
  request.send(body);
}

function next() {
  const entry = sending ? null : waiting.shift();
  if (!entry) return;
  sending = true;
  send(entry);
}

function take(files) {
  for (const file of files) enqueue(file);
  next();
}

if (form && input && list) {
  const drop = form.querySelector('.drop');
  drop.classList.add('ready');
  form.querySelector('#files-hint').prepend('Choose files, or drop them here. ');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    take([...input.files]);
    input.value = '';
  });
  for (const kind of ['dragenter', 'dragover'])
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add('over');
    });
  drop.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!drop.contains(relatedTarget)) drop.classList.remove('over');
  });
  drop.addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    take([...event.dataTransfer.files]);
  });
  // A file that is dropped beside the field would replace the page.
  for (const kind of ['dragover', 'drop'])
    window.addEventListener(kind, (event) => event.preventDefault());
  window.addEventListener('beforeunload', (event) => {
    if (sending) event.preventDefault();
  });
}
