// The topic that is chosen: its lanes, the search, and its records, either as they arrive or one partition as a list.

import { getJson, stream } from './net.js';
import { button, choice, el, labelled } from './dom.js';
import { t } from './words.js';
import { visible } from './field.js';
import { problemPlace } from './problem.js';
import { keyLetters } from './keys.js';
import { lanes } from './lanes.js';
import { pages } from './pages.js';
import { recordList } from './records.js';
import { search } from './search.js';
import { recordDialog } from './detail.js';

const KEPT = 500;
// Records may come faster than anything can be drawn: they are gathered for as long.
const DRAW_MS = 100;

export function topic(place, context, name, firstPartition) {
  const query = { ...context.query, topic: name };
  const trouble = problemPlace();
  const letters = keyLetters();
  const dialog = recordDialog(query);
  const drawing = lanes(letters, dialog.open);
  const finder = search(query, letters, dialog.open);
  const missing = el('p', { class: 'hint', hidden: true }, t('topic_not_listed', { topic: visible(name), principal: context.query.as }));
  const which = choice([['', t('as_they_arrive')]], {
    'data-test': 'which',
    onchange: () => context.go({ partition: which.value === '' ? null : Number(which.value) }),
  });
  const jump = jumpForm((offset) => shown?.jump?.(offset));
  const room = el('div', { class: 'record-room' });

  // Log start and end offset of each partition, by its number.
  const bounds = new Map();
  let arrived = [];
  let shown = null;
  let partition = firstPartition;
  let fresh = [];
  let skipped = 0;
  let timer = null;

  place.append(
    el('section', { class: 'panel' }, el('h3', {}, el('bdi', {}, visible(name))), missing, trouble.node, drawing.node),
    finder.node,
    el('section', { class: 'panel' },
      el('div', { class: 'toolbar' }, el('h3', {}, t('records_title')), labelled(t('show'), which), jump),
      room),
    dialog.node);

  function open(chosen) {
    partition = chosen;
    if (partition !== null && ![...which.options].some(({ value }) => value === String(partition))) addOption(partition);
    which.value = partition ?? '';
    jump.hidden = partition === null;
    shown?.close();
    shown = partition === null ? arrivals() : onePartition();
    room.replaceChildren(el('p', { class: 'note' }, t(partition === null ? 'arrivals_note' : 'partition_note')), shown.node);
    shown.update();
  }

  function addOption(number) {
    which.append(el('option', { value: number }, t('partition', { number: String(number) })));
  }

  function arrivals() {
    const source = {
      count: () => arrived.length,
      at: (index) => arrived[index],
      id: (index) => `${arrived[index].partition}-${arrived[index].offset}`,
      indexOf: (id) => arrived.findIndex((record) => `${record.partition}-${record.offset}` === id),
    };
    const list = recordList({ label: t('as_they_arrive'), letters, open: dialog.open, source, empty: t('nothing_arrived') });
    return { ...list, take: (records) => list.update({ above: records.length }) };
  }

  function onePartition() {
    const number = partition;
    const failed = problemPlace();
    const log = pages(
      (from, limit, signal) => getJson('api/records', { ...query, partition: number, from, limit }, signal),
      failed,
      (above = 0) => list.update({ above }));
    const list = recordList({
      label: t('partition', { number: String(number) }), letters, open: dialog.open, source: log, empty: t('partition_empty'), follow: true,
    });
    const known = bounds.get(number);
    if (known) log.bounds(known);
    return {
      ...list,
      node: el('div', {}, failed.node, list.node),
      take(records) {
        for (const record of records) if (record.partition === number) log.put(record);
        list.update();
      },
      grown: () => log.bounds(bounds.get(number)),
      begun: () => bounds.has(number) && log.begin(bounds.get(number)),
      jump: (offset) => list.goTo(log.indexOf(offset)),
      close() {
        log.close();
        list.close();
      },
    };
  }

  function began({ partitions }) {
    arrived = [];
    fresh = [];
    partitions.forEach((one) => bounds.set(one.partition, one));
    which.replaceChildren(which.options[0]);
    partitions.forEach((one) => addOption(one.partition));
    which.value = partition ?? '';
    drawing.start(partitions);
    shown.begun?.();
    shown.update();
  }

  function came({ records, skipped: more }) {
    fresh = fresh.concat(records);
    skipped += more;
    timer ??= setTimeout(drawFresh, DRAW_MS);
  }

  function drawFresh() {
    const records = fresh;
    fresh = [];
    timer = null;
    // Newest first, as the list shows them.
    arrived = [...records].reverse().concat(arrived).slice(0, KEPT);
    for (const { partition: number, offset } of records) {
      const known = bounds.get(number);
      if (known) bounds.set(number, { ...known, end: Math.max(known.end, offset + 1) });
    }
    drawing.bounds(bounds);
    drawing.add(records, skipped);
    shown.take(records);
  }

  // What the list of topics says of this one; null where it is not in the list.
  function listed(one) {
    missing.hidden = one !== null;
    for (const { partition: number, start, end } of one?.partitions ?? []) {
      const known = bounds.get(number);
      if (start === null || end === null) continue;
      bounds.set(number, { partition: number, start: Math.max(start, known?.start ?? 0), end: Math.max(end, known?.end ?? 0) });
    }
    drawing.bounds(bounds);
    if (bounds.has(partition)) shown.grown?.();
  }

  open(firstPartition);
  const close = stream('api/tail', query, { start: began, records: came }, trouble, { rests: true });
  return {
    name,
    listed,
    which(chosen) {
      if (chosen !== partition) open(chosen);
    },
    close() {
      close();
      clearTimeout(timer);
      finder.close();
      shown.close();
      dialog.close();
    },
  };
}

function jumpForm(go) {
  const offset = el('input', { type: 'number', min: '0', step: '1', inputmode: 'numeric', 'data-test': 'offset' });
  const form = el('form', { class: 'jump', hidden: true }, labelled(t('offset'), offset), button(t('go'), null, { type: 'submit' }));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (offset.value !== '') go(Number(offset.value));
  });
  return form;
}
