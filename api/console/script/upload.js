/**
 * Forms with `data-upload` send each of their files by itself, one after the other, with its
 * progress and a button to cancel it. Files can be dropped anywhere on the page. The answer to each
 * file is the page that the form would have led to: the file's outcome is taken from it.
 */
const form = document.querySelector('form[data-upload]');
const list = document.querySelector('#uploads');

/** Files that were not sent yet, and whether one is being sent. */
const waiting = [];
let sending = false;

/** Makes an element with these properties and contents. */
function element(name, properties, ...content) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...content);
  return made;
}

/** Puts a file at the end of the queue, with its line in the list. */
function enqueue(file) {
  const state = element('p', {}, 'Waits for its turn.');
  const cancel = element('button', { type: 'button', className: 'plain' }, 'Cancel');
  cancel.setAttribute('aria-label', `Cancel ${file.name}`);
  const heading = element('h2', { className: 'first' }, element('bdi', {}, file.name));
  const item = element('li', { className: 'card' }, heading, state, cancel);
  const entry = { file, item, state, cancel, request: null };
  cancel.addEventListener('click', () => {
    const place = waiting.indexOf(entry);
    if (place >= 0) waiting.splice(place, 1);
    if (entry.request) entry.request.abort();
    else end(entry, CANCELLED);
  });
  list.append(item);
  waiting.push(entry);
}

const CANCELLED = 'Cancelled. Nothing of it was kept.';

/** Says why nothing came of a file. */
function end({ item, state, cancel }, text) {
  const hadFocus = item.contains(document.activeElement);
  item.querySelector('progress')?.remove();
  cancel.remove();
  state.textContent = text;
  if (hadFocus) form.querySelector('input[type="file"]').focus();
}

/** Puts what the server's page says of a file in the place of its line. */
function show(entry) {
  const page = new DOMParser().parseFromString(entry.request.responseText, 'text/html');
  const outcome = page.querySelector('#uploads li');
  if (!outcome) {
    const why = page.querySelector('main h1')?.textContent.trim();
    return end(entry, why || 'This did not work. Try it again.');
  }
  const hadFocus = entry.item.contains(document.activeElement);
  entry.item.replaceWith(outcome);
  if (hadFocus) (outcome.querySelector('a') ?? form.querySelector('input[type="file"]')).focus();
}

function send(entry) {
  const { file, state } = entry;
  const data = new FormData();
  // The token stands before the file: the server reads no file without it.
  for (const [name, value] of new FormData(form))
    if (typeof value === 'string') data.append(name, value);
  data.append('files', file);
  const request = new XMLHttpRequest();
  entry.request = request;
  const bar = element('progress', { max: 1, value: 0 });
  bar.setAttribute('aria-label', `How much of ${file.name} was sent`);
  state.before(bar);
  state.textContent = 'Sending…';
  request.upload.addEventListener('progress', ({ loaded, total }) => {
    bar.value = total > 0 ? loaded / total : 0;
    if (loaded === total) state.textContent = 'Sent. Reading…';
  });
  request.addEventListener('load', () => show(entry));
  request.addEventListener('error', () =>
    end(entry, 'The connection broke. Nothing of it was kept.'),
  );
  request.addEventListener('abort', () => end(entry, CANCELLED));
  request.addEventListener('loadend', () => {
    sending = false;
    next();
  });
  request.open('POST', form.action);
  request.setRequestHeader('accept', 'text/html');
  request.send(data);
}

/** Sends the next file: the reader of each has the whole process for itself. */
function next() {
  const entry = sending ? null : waiting.shift();
  if (!entry) return;
  sending = true;
  send(entry);
}

function sendAll(files) {
  for (const file of files) enqueue(file);
  next();
}

if (form && list) {
  form.classList.add('takes-drops');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const field = form.querySelector('input[type="file"]');
    sendAll([...field.files]);
    field.value = '';
  });
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    document.body.classList.add('dropping');
  });
  document.addEventListener('dragleave', () => document.body.classList.remove('dropping'));
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    document.body.classList.remove('dropping');
    sendAll([...event.dataTransfer.files]);
  });
  window.addEventListener('beforeunload', (event) => {
    if (sending) event.preventDefault();
  });
}
