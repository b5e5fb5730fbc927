// The view Groups: a card per consumer group, and the rebalances as they happen.

import { stream } from './net.js';
import { el } from './dom.js';
import { t } from './words.js';
import { problemPlace } from './problem.js';
import { groupCard } from './group.js';
import { rebalances } from './rebalances.js';

const CHART_MS = 1000;

export function groups(place, context) {
  const trouble = problemPlace();
  const none = el('p', { class: 'hint panel', hidden: true }, t('no_groups', { principal: context.query.as }));
  const list = el('div', { class: 'groups' });
  const happened = rebalances(context.about.live);
  const cards = new Map();
  let before = null;

  place.append(
    el('h2', {}, t('tab_groups')),
    el('p', { class: 'intro' }, t('groups_intro')),
    trouble.node,
    el('div', { class: 'with-aside' }, el('div', {}, none, list), happened.node));

  function update({ groups: all }) {
    const at = Date.now();
    none.hidden = all.length > 0;
    const now = new Map(all.map((group) => [group.group, group]));
    for (const [name, card] of cards) {
      if (now.has(name)) continue;
      card.node.remove();
      cards.delete(name);
    }
    for (const [name, group] of now) {
      if (!cards.has(name)) {
        const card = groupCard(name);
        cards.set(name, card);
        list.append(card.node);
      }
      cards.get(name).update(group, at);
    }
    if (before) happened.compare(before, now, at);
    before = now;
  }

  const close = [stream('api/groups', context.query, { groups: update }, trouble)];
  if (context.about.live) close.push(stream('api/live', context.query, { live: happened.told }, happened.trouble));
  const clock = setInterval(() => {
    for (const card of cards.values()) card.tick(Date.now());
  }, CHART_MS);

  return {
    close() {
      clearInterval(clock);
      close.forEach((one) => one());
    },
  };
}
