// The view Topics: the list of topics, and beside it the one that is chosen.

import { stream } from './net.js';
import { el, link } from './dom.js';
import { t } from './words.js';
import { visible } from './field.js';
import { problemPlace } from './problem.js';
import { topic } from './topic.js';

export function topics(place, context) {
  const trouble = problemPlace();
  const list = el('ul', { class: 'topics' });
  const none = el('p', { class: 'hint', hidden: true }, t('no_topics'));
  const side = el('div', { class: 'chosen' });
  const entries = new Map();
  let known = null;
  let chosen = null;

  place.append(
    el('h2', {}, t('tab_topics')),
    el('p', { class: 'intro' }, t('topics_intro')),
    trouble.node,
    el('div', { class: 'columns' }, el('nav', { class: 'panel', 'aria-label': t('tab_topics') }, list, none), side));

  function choose(route) {
    if (chosen && chosen.name === route.name) {
      chosen.which(route.partition);
      return;
    }
    chosen?.close();
    side.replaceChildren();
    chosen = route.name ? topic(side, context, route.name, route.partition) : null;
    if (!chosen) side.append(el('p', { class: 'hint panel' }, t('choose_topic')));
    mark();
  }

  function mark() {
    for (const [name, entry] of entries) {
      entry.anchor.href = context.href({ name, partition: null });
      if (name === chosen?.name) entry.anchor.setAttribute('aria-current', 'true');
      else entry.anchor.removeAttribute('aria-current');
    }
    if (!known || !chosen) return;
    const found = known.find(({ name }) => name === chosen.name);
    chosen.listed(found ?? null);
  }

  function update({ topics: all }) {
    known = [...all].sort((a, b) => a.internal - b.internal || (a.name < b.name ? -1 : 1));
    none.hidden = known.length > 0;
    const names = new Set(known.map(({ name }) => name));
    for (const [name, { node }] of entries) {
      if (names.has(name)) continue;
      node.remove();
      entries.delete(name);
    }
    known.forEach((one, at) => {
      const entry = entries.get(one.name) ?? newEntry(one);
      entries.set(one.name, entry);
      entry.facts.textContent = facts(one);
      // An entry that stands where it belongs is not moved: moving takes the focus away.
      if (list.children[at] !== entry.node) list.insertBefore(entry.node, list.children[at] ?? null);
    });
    mark();
  }

  choose(context.route);
  const close = stream('api/topics', context.query, { topics: update }, trouble, { rests: true });
  return {
    show: choose,
    close() {
      close();
      chosen?.close();
    },
  };
}

function newEntry({ name, internal }) {
  const facts = el('span', {});
  const anchor = link('#', [
    el('bdi', { class: 'name' }, visible(name)),
    el('span', { class: 'facts' }, internal ? [el('span', { class: 'tag' }, t('internal')), ' '] : null, facts),
  ], { 'data-test': 'topic', 'data-name': name });
  return { node: el('li', {}, anchor), anchor, facts };
}

function facts({ partitions }) {
  const count = t('partitions', { partitions: partitions.length });
  if (partitions.some(({ start, end }) => start === null || end === null)) return `${count} · ${t('records_untold')}`;
  const records = partitions.reduce((sum, { start, end }) => sum + end - start, 0);
  return `${count} · ${t('records', { records })}`;
}
