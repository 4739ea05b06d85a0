/**
 * Keeps regions with `data-live` up to date by server-sent events: an event is the region's markup.
 * The focus stays where it is. A hidden tab listens to nothing.
 */
const regions = [...document.querySelectorAll('[data-live]')];
const sources = new Map();

/** What a focused element is known by after the region was replaced. */
function nameOf(element) {
  return element.id || element.getAttribute('href') || element.textContent.trim();
}

function replace(region, markup) {
  const focused = region.contains(document.activeElement) ? document.activeElement : null;
  const name = focused && nameOf(focused);
  const shown = new DOMParser().parseFromString(markup, 'text/html');
  region.replaceChildren(...document.adoptNode(shown.body).childNodes);
  if (!focused) return;
  const all = [...region.querySelectorAll('a, button, input, summary')];
  all.find((one) => nameOf(one) === name)?.focus();
}

function listen(region) {
  const source = new EventSource(region.dataset.live);
  source.addEventListener('message', ({ data }) => replace(region, JSON.parse(data)));
  sources.set(region, source);
}

function listenOrNot() {
  for (const region of regions) {
    sources.get(region)?.close();
    if (!document.hidden) listen(region);
  }
}

if (regions.length > 0) {
  document.addEventListener('visibilitychange', listenOrNot);
  window.addEventListener('pagehide', () => sources.forEach((source) => source.close()));
  listenOrNot();
}
