// One consumer group: its state, who reads which partition and how far, and its lag over time.

import { el, scrollBox } from './dom.js';
import { number, t } from './words.js';
import { absent, visible } from './field.js';
import { paint } from './keys.js';
import { lagLine } from './lag.js';

const STATES = ['Stable', 'Empty', 'Dead', 'PreparingRebalance', 'CompletingRebalance'];

export function groupCard(name) {
  const state = el('span', { class: 'state' });
  const facts = el('p', { class: 'facts' });
  const explained = el('p', { class: 'note' });
  const matrix = scrollBox(t('matrix_label', { group: visible(name) }));
  const line = lagLine();
  const node = el('section', { class: 'panel group', 'data-test': 'group', 'data-name': name },
    el('div', { class: 'toolbar' }, el('h3', {}, el('bdi', {}, visible(name))), state),
    el('div', { class: 'group-head' }, el('div', {}, facts, explained), line.node),
    matrix);
  let drawn = null;

  return {
    node,
    tick: line.draw,
    update(group, at) {
      line.add(at, group.lag);
      const now = JSON.stringify(group);
      if (now === drawn) return;
      drawn = now;
      state.textContent = group.state;
      state.dataset.state = group.state;
      facts.textContent = factsOf(group);
      explained.textContent = STATES.includes(group.state) ? t(`state_${group.state.toLowerCase()}`) : '';
      matrix.replaceChildren(table(group));
    },
  };
}

function factsOf(group) {
  return [
    group.lag === null ? t('lag_unknown') : t('lag_total', { records: group.lag }),
    t('members', { members: group.members.length }),
    group.protocol ? t('assignor', { protocol: group.protocol }) : null,
    group.generation === null ? null : t('generation', { generation: String(group.generation) }),
  ].filter(Boolean).join(' · ');
}

// Partitions as columns, members as rows, and beneath how far the group is in each.
function table(group) {
  const columns = columnsOf(group);
  if (columns.length === 0) return el('p', { class: 'hint' }, t('no_partitions'));
  const topics = Map.groupBy ? [...Map.groupBy(columns, ({ topic }) => topic)] : grouped(columns);
  return el('table', { class: 'matrix' },
    el('thead', {},
      el('tr', {}, el('th', { rowspan: '2', scope: 'col' }, t('member')), topics.map(([topic, own]) =>
        el('th', { colspan: own.length, scope: 'colgroup' }, visible(topic)))),
      el('tr', {}, columns.map(({ partition }) => el('th', { scope: 'col' }, `p${partition}`)))),
    el('tbody', {}, group.members.map((member) => memberRow(member, columns)), unownedRow(group, columns)),
    el('tfoot', {},
      numbers(t('committed'), columns, ({ committed }) => committed),
      numbers(t('log_end'), columns, ({ log_end: end }) => end),
      numbers(t('lag'), columns, ({ lag }) => lag, 'lag')));
}

function grouped(columns) {
  const topics = new Map();
  for (const column of columns) topics.set(column.topic, [...(topics.get(column.topic) ?? []), column]);
  return [...topics];
}

// A partition that was just assigned may have no committed offset yet, and so be absent from the group's partitions.
function columnsOf(group) {
  const columns = new Map(group.partitions.map((one) => [`${one.topic} ${one.partition}`, one]));
  for (const { topic, partition } of group.members.flatMap((member) => member.partitions)) {
    const id = `${topic} ${partition}`;
    if (!columns.has(id)) columns.set(id, { topic, partition, committed: null, log_end: null, lag: null });
  }
  return [...columns.values()].sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
}

function owns(member, { topic, partition }) {
  return member.partitions.some((one) => one.topic === topic && one.partition === partition);
}

function memberRow(member, columns) {
  const name = el('th', { scope: 'row' },
    memberMark(member.label),
    el('span', { class: 'member-name' },
      el('bdi', {}, visible(member.client_id)),
      el('span', { class: 'facts' }, visible(member.host), member.instance_id ? ` · ${visible(member.instance_id)}` : null)));
  return el('tr', { 'data-test': 'member', 'data-member': member.label, title: visible(member.id) }, name, columns.map((column) => {
    if (!owns(member, column)) return el('td', { class: 'no' }, el('span', { class: 'unseen' }, t('reads_not')));
    return el('td', {
      class: 'yes', 'data-test': 'assignment', 'data-member': member.label, 'data-topic': column.topic, 'data-partition': column.partition,
    }, paint(el('span', { class: 'reads' }, `● ${t('reads')}`), hueOf(member.label)));
  }));
}

function unownedRow(group, columns) {
  const free = columns.filter((column) => !group.members.some((member) => owns(member, column)));
  if (free.length === 0) return null;
  return el('tr', { class: 'unowned' }, el('th', { scope: 'row' }, t('nobody')), columns.map((column) =>
    el('td', {}, free.includes(column) ? `○ ${t('unread')}` : null)));
}

function numbers(title, columns, value, kind = '') {
  return el('tr', { class: kind }, el('th', { scope: 'row' }, title), columns.map((column) => {
    const given = value(column);
    const waits = kind === 'lag' && given > 0;
    return el('td', { class: waits ? 'number waits' : 'number' }, given === null || given === undefined ? absent('–') : number(given));
  }));
}

export function memberMark(label) {
  return paint(el('span', { class: 'mark', 'aria-hidden': 'true' }, label), hueOf(label));
}

function hueOf(label) {
  return (205 + (label.charCodeAt(0) - 65) * 137.5) % 360;
}
