// What changed in the groups: what differs from one report to the next, and, where the broker tells it, its reason.

import { el } from './dom.js';
import { clock, t } from './words.js';
import { visible } from './field.js';
import { problemPlace } from './problem.js';

const KEPT = 100;

export function rebalances(live) {
  const list = el('ol', { class: 'events', tabindex: '0', 'aria-live': 'polite', 'aria-label': t('rebalances') });
  const none = el('p', { class: 'hint' }, t('no_rebalances'));
  const trouble = problemPlace();
  const node = el('aside', { class: 'panel' },
    el('h3', {}, t('rebalances')),
    el('p', { class: 'note' }, t(live ? 'rebalances_note' : 'rebalances_note_no_reason')),
    trouble.node, none, list);

  function add(at, group, lines, source) {
    none.hidden = true;
    list.prepend(el('li', { 'data-test': 'rebalance', 'data-group': group, 'data-source': source },
      el('p', { class: 'event-head' }, el('time', {}, clock(at)), ' ', el('bdi', {}, visible(group)),
        ' ', el('span', { class: 'tag' }, t(source === 'broker' ? 'broker_says' : 'seen'))),
      lines.map((line) => el('p', {}, el('bdi', {}, visible(line))))));
    while (list.childElementCount > KEPT) list.lastElementChild.remove();
  }

  return {
    node,
    trouble,

    // Both are maps from a group's name to the group.
    compare(before, now, at) {
      for (const name of new Set([...before.keys(), ...now.keys()])) {
        const lines = differences(before.get(name), now.get(name));
        if (lines.length) add(at, name, lines, 'page');
      }
    },

    // An event of api/live.
    told(event) {
      if (event.kind !== 'group' || !event.group) return;
      add(event.at_ms, event.group, event.reason && !event.text.includes(event.reason) ? [t('reason', { reason: event.reason }), event.text] : [event.text], 'broker');
    },
  };
}

function differences(before, now) {
  if (!before) return [t('group_appeared', { state: now.state })];
  if (!now) return [t('group_gone')];
  const lines = [];
  const had = new Map(before.members.map((member) => [member.id, member]));
  const has = new Map(now.members.map((member) => [member.id, member]));
  const called = ({ label, client_id: client }) => `${label} (${client})`;
  for (const [id, member] of has) if (!had.has(id)) lines.push(t('joined', { member: called(member) }));
  for (const [id, member] of had) if (!has.has(id)) lines.push(t('left', { member: called(member) }));
  lines.push(...moves(before, now));
  if (before.state !== now.state) lines.push(t('state_change', { before: before.state, now: now.state }));
  if (before.generation !== null && now.generation !== null && before.generation !== now.generation) {
    lines.push(t('generation_change', { before: String(before.generation), now: String(now.generation) }));
  }
  return lines;
}

// Partitions that changed hands, put together by who had them and who has them.
function moves(before, now) {
  const had = owners(before);
  const has = owners(now);
  const moved = new Map();
  for (const partition of new Set([...had.keys(), ...has.keys()])) {
    const [from, to] = [had.get(partition), has.get(partition)];
    if (from?.id === to?.id) continue;
    const way = `${from?.label ?? t('nobody')} → ${to?.label ?? t('nobody')}`;
    moved.set(way, [...(moved.get(way) ?? []), partition]);
  }
  return [...moved].map(([way, partitions]) => `${partitions.sort().join(', ')}: ${way}`);
}

function owners(group) {
  return new Map(group.members.flatMap((member) =>
    member.partitions.map(({ topic, partition }) => [`${topic}-${partition}`, member])));
}
