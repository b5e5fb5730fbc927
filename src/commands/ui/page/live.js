// The view Live: what the broker sees, newest on top.

import { stream } from './net.js';
import { button, choice, el, labelled, prose } from './dom.js';
import { clock, t } from './words.js';
import { visible } from './field.js';
import { problemPlace } from './problem.js';

const KINDS = ['request', 'login', 'refused', 'denied', 'allowed', 'group', 'topic', 'trouble'];
const SIGNS = { request: '→', login: '↪', refused: '✗', denied: '✗', allowed: '✓', group: '◆', topic: '■', trouble: '!' };
const SHOWN = 1000;
// More are kept than shown, so that a filter that is loosened has something to show.
const KEPT = 3000;
const DRAW_MS = 150;

export function live(place, context) {
  place.append(el('h2', {}, t('tab_live')), el('p', { class: 'intro' }, t('live_intro')));
  if (!context.about.live) {
    place.append(el('p', { class: 'hint panel' }, prose(t('live_not_here'))));
    return { close() {} };
  }

  const trouble = problemPlace();
  const kinds = new Map(KINDS.map((kind) => [kind, el('input', { type: 'checkbox', checked: true, onchange: redraw, 'data-test': 'live-kind', 'data-kind': kind })]));
  const principals = choice([['', t('all_principals')]], { onchange: redraw, 'data-test': 'live-principal' });
  const text = el('input', { type: 'search', oninput: redraw, 'data-test': 'live-text', autocomplete: 'off', spellcheck: 'false' });
  const own = el('input', { type: 'checkbox', checked: true, onchange: redraw, 'data-test': 'live-own' });
  const pause = button(t('pause'), togglePause, { 'aria-pressed': 'false', 'data-test': 'live-pause' });
  const list = el('ol', { class: 'events live-rows', tabindex: '0', 'aria-label': t('tab_live') });
  const none = el('p', { class: 'hint' }, t('nothing_live'));
  const missedLine = el('p', { class: 'note', role: 'status', hidden: true });

  let events = [];
  let fresh = [];
  let waiting = 0;
  let missed = 0;
  let paused = false;
  let timer = null;

  for (const { principal } of context.about.principals) addPrincipal(principal);
  place.append(trouble.node, el('section', { class: 'panel' },
    el('div', { class: 'filters' },
      labelled(t('principal'), principals), labelled(t('contains'), text), pause,
      el('label', { class: 'check' }, own, ` ${t('hide_own')}`),
      el('fieldset', {}, el('legend', {}, t('kinds')), [...kinds].map(([kind, box]) =>
        el('label', { class: 'check' }, box, ` ${t(`kind_${kind}`)}`)))),
    missedLine, none, list));

  function addPrincipal(principal) {
    if (![...principals.options].some(({ value }) => value === principal)) {
      principals.append(el('option', { value: principal }, visible(principal)));
    }
  }

  function fits(event) {
    if (own.checked && event.own) return false;
    if (kinds.get(event.kind)?.checked === false) return false;
    if (principals.value && event.principal !== principals.value) return false;
    const sought = text.value.trim().toLowerCase();
    return !sought || [event.text, event.rule, event.client_id, event.reason].some((part) => part?.toLowerCase().includes(sought));
  }

  function happened(event) {
    if (event.principal) addPrincipal(event.principal);
    fresh.push(event);
    // A tab in the background draws seldom; what waits to be drawn is bounded too.
    if (fresh.length > KEPT) fresh = fresh.slice(-KEPT);
    if (!timer) timer = setTimeout(draw, DRAW_MS);
  }

  function draw() {
    timer = null;
    if (paused) {
      waiting = fresh.filter(fits).length;
      pause.textContent = t('paused', { events: waiting });
      return;
    }
    const newest = fresh.reverse();
    fresh = [];
    events = newest.concat(events).slice(0, KEPT);
    list.prepend(...newest.filter(fits).slice(0, SHOWN).map(row));
    while (list.childElementCount > SHOWN) list.lastElementChild.remove();
    none.hidden = list.childElementCount > 0;
  }

  function redraw() {
    list.replaceChildren(...events.filter(fits).slice(0, SHOWN).map(row));
    none.hidden = list.childElementCount > 0;
    if (paused) draw();
  }

  function togglePause() {
    paused = !paused;
    pause.setAttribute('aria-pressed', String(paused));
    pause.textContent = paused ? t('paused', { events: 0 }) : t('pause');
    draw();
  }

  function leftOut({ count }) {
    missed += count;
    missedLine.hidden = false;
    missedLine.textContent = t('missed', { events: missed });
  }

  const close = stream('api/live', context.query, { live: happened, missed: leftOut }, trouble);
  return {
    close() {
      close();
      clearTimeout(timer);
    },
  };
}

function row(event) {
  const more = event.rule ?? event.reason;
  return el('li', {
    'data-test': 'live-row', 'data-kind': event.kind, 'data-principal': event.principal, 'data-own': String(event.own),
  },
  el('time', {}, clock(event.at_ms)),
  el('span', { class: 'kind' }, el('span', { 'aria-hidden': 'true' }, `${SIGNS[event.kind] ?? '·'} `), t(`kind_${event.kind}`)),
  el('bdi', { class: 'who' }, event.principal ? visible(event.principal) : '–'),
  el('span', { class: 'what' }, event.own ? [el('span', { class: 'tag' }, t('this_page')), ' '] : null, el('bdi', {}, visible(event.text)),
    more && !event.text.includes(more) ? el('bdi', { class: 'facts' }, visible(more)) : null));
}
