// Search in a topic: the broker has no index of what records say, so the server reads them all and sends what fits.

import { stream } from './net.js';
import { button, el, labelled } from './dom.js';
import { t } from './words.js';
import { problemPlace } from './problem.js';
import { recordList } from './records.js';

export function search(query, letters, open) {
  const trouble = problemPlace();
  const input = (name, attributes) => el('input', { name, 'data-test': `search-${name}`, autocomplete: 'off', spellcheck: 'false', ...attributes });
  const inputs = {
    key: input('key', { type: 'text' }),
    value: input('value', { type: 'text' }),
    header: input('header', { type: 'text' }),
    since: input('since', { type: 'datetime-local', step: '1' }),
    until: input('until', { type: 'datetime-local', step: '1' }),
  };
  const go = button(t('search'), null, { type: 'submit', class: 'main', 'data-test': 'search-go' });
  const stop = button(t('stop'), () => end(t('stopped')), { hidden: true, 'data-test': 'search-stop' });
  const clear = button(t('clear'), reset, { hidden: true, class: 'quiet', 'data-test': 'search-clear' });
  const bar = el('progress', { hidden: true, 'aria-label': t('search_progress') });
  const told = el('p', { class: 'told', role: 'status' });
  const found = el('div', { class: 'found', hidden: true });
  const form = el('form', { class: 'search' },
    Object.entries(inputs).map(([name, control]) => labelled(t(`search_${name}`), control)),
    el('div', { class: 'buttons' }, go, stop, clear));
  const node = el('section', { class: 'panel' }, el('h3', {}, t('search_title')), el('p', { class: 'note' }, t('search_note')), form, trouble.node, bar, told, found);

  let hits = [];
  let list = null;
  let close = () => {};
  let progress = null;

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    begin();
  });

  function begin() {
    reset();
    const { key, value, header, since, until } = inputs;
    list = recordList({
      label: t('hits'),
      letters,
      open,
      test: 'hit',
      empty: t('no_hits_yet'),
      source: {
        count: () => hits.length,
        at: (index) => hits[index],
        id: (index) => index,
        indexOf: (index) => index,
      },
    });
    found.replaceChildren(list.node);
    found.hidden = false;
    stop.hidden = false;
    bar.hidden = false;
    bar.removeAttribute('value');
    told.textContent = t('searching');
    list.update();
    close = stream('api/search', {
      ...query, key: key.value, value: value.value, header: header.value, since: ms(since.value), until: ms(until.value),
    }, { found: add, progress: show, done }, { show: failed, clear: trouble.clear }, { opened: again });
  }

  // A stream that begins again after a loss sends everything again.
  function again() {
    hits = [];
    list.update();
  }

  function add({ records }) {
    hits = hits.concat(records);
    list.update();
  }

  function show(now) {
    progress = now;
    bar.max = Math.max(now.total, 1);
    bar.value = now.read;
    told.textContent = t('search_read', { read: now.read, total: now.total, found: now.found });
  }

  function failed(problem) {
    end('');
    found.hidden = hits.length === 0;
    trouble.show(problem);
  }

  function done(result) {
    end(t(result.limited ? 'search_limited' : 'search_done', { read: result.read, found: result.found }));
  }

  function end(text) {
    close();
    close = () => {};
    stop.hidden = true;
    bar.hidden = true;
    clear.hidden = false;
    told.textContent = progress && text === t('stopped')
      ? `${text} ${t('search_read', { read: progress.read, total: progress.total, found: progress.found })}`
      : text;
  }

  function reset() {
    close();
    close = () => {};
    list?.close();
    trouble.clear();
    hits = [];
    list = null;
    progress = null;
    found.hidden = true;
    found.replaceChildren();
    for (const one of [stop, clear, bar]) one.hidden = true;
    told.textContent = '';
  }

  return { node, close: reset };
}

// What datetime-local gives is a time of this machine's zone.
function ms(local) {
  return local === '' ? null : new Date(local).getTime();
}
