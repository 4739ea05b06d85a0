/**
 * Forms with `data-upload` send each of their files by itself, with its progress and a button to
 * cancel it. Files can be dropped anywhere on the page. The answer to each file is the page that
 * the form would have led to: the file's outcome is taken from it.
 */
const form = document.querySelector('form[data-upload]');

/** Makes an element with a text and these properties. */
function element(name, properties, ...content) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...content);
  return made;
}

/** Sends one file, and shows what comes of it in the list. */
function send(file) {
  const data = new FormData();
  for (const [name, value] of new FormData(form))
    if (typeof value === 'string') data.append(name, value);
  data.append('files', file);

  const request = new XMLHttpRequest();
  const bar = element('progress', { max: 1, value: 0 });
  bar.setAttribute('aria-label', file.name);
  const state = element('p', {}, 'Sending…');
  const cancel = element('button', { type: 'button', className: 'plain' }, 'Cancel');
  const item = element(
    'li',
    { className: 'card' },
    element('h2', { className: 'first' }, element('bdi', {}, file.name)),
    bar,
    state,
    cancel,
  );
  document.querySelector('#uploads').prepend(item);

  const end = (text) => {
    bar.remove();
    cancel.remove();
    state.textContent = text;
  };
  request.upload.addEventListener('progress', ({ loaded, total }) => {
    bar.value = total > 0 ? loaded / total : 0;
    state.textContent =
      loaded < total ? `${Math.floor((loaded / total) * 100)} % sent` : 'Reading…';
  });
  request.addEventListener('load', () => {
    const page = new DOMParser().parseFromString(request.responseText, 'text/html');
    const outcome = page.querySelector('#uploads li');
    if (outcome) item.replaceWith(outcome);
    else end(page.querySelector('h1')?.textContent ?? 'This did not work. Try it again.');
  });
  request.addEventListener('error', () => end('The connection broke. Nothing of it was kept.'));
  request.addEventListener('abort', () => end('Cancelled. Nothing of it was kept.'));
  cancel.addEventListener('click', () => request.abort());
  request.open('POST', form.action);
  request.send(data);
  return new Promise((resolve) => request.addEventListener('loadend', resolve));
}

/** Sends files one after the other: the reader of each has the whole process for itself. */
let last = Promise.resolve();
function sendAll(files) {
  for (const file of files) last = last.then(() => send(file));
}

if (form) {
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
}
