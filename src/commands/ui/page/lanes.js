// One lane per partition with its newest records as cells. The newest stands right, as a log grows.

import { el } from './dom.js';
import { number, t } from './words.js';
import { keyNode, keyText, valueNode, valueText } from './field.js';
import { paint } from './keys.js';

const CELLS = 40;

export function lanes(letters, open) {
  const rows = new Map();
  const body = el('div', { class: 'lanes' });
  const hint = el('p', { class: 'peek' }, t('peek_hint'));
  const skippedLine = el('p', { class: 'note', hidden: true });

  function peek(record) {
    hint.replaceChildren(
      el('span', { class: 'where' }, t('place', { partition: String(record.partition), offset: String(record.offset) })),
      ' ', el('span', { class: 'label' }, t('key')), ' ', keyNode(record.key),
      ' ', el('span', { class: 'label' }, t('value')), ' ', valueNode(record.value));
  }

  function cell(record) {
    const { letter, hue } = letters(record.key);
    const offset = String(record.offset);
    return paint(el('button', {
      type: 'button',
      class: record.value === null ? 'cell tombstone' : 'cell',
      tabindex: '-1',
      'data-test': 'cell',
      'data-offset': offset,
      onclick: () => open(record),
      onpointerenter: () => peek(record),
      onfocus: () => peek(record),
    }, 
    el('span', { class: 'letter' }, record.value === null ? `${letter}✕` : letter), ' ',
    el('span', { class: 'offset' }, offset),
    el('span', { class: 'unseen' }, t('cell_label', { key: keyText(record.key), value: valueText(record.value).slice(0, 100) }))), hue);
  }

  function lane(partition) {
    const cells = el('div', { class: 'cells', tabindex: '0', role: 'group', onkeydown: move });
    const range = el('span', { class: 'facts' });
    const title = t('partition', { number: String(partition) });
    cells.setAttribute('aria-label', title);
    const node = el('div', { class: 'lane', 'data-test': 'lane', 'data-partition': partition },
      el('div', { class: 'lane-name' }, el('span', {}, title), range), cells);
    return { node, cells, range };
  }

  function setRange({ range }, { start, end }) {
    range.textContent = end > start ? t('offsets', { first: number(start), last: number(end - 1) }) : t('empty');
  }

  const node = el('div', { hidden: true }, el('p', { class: 'note' }, t('lanes_note')), body, hint, skippedLine);

  return {
    node,

    start(partitions) {
      node.hidden = false;
      rows.clear();
      partitions.forEach((one) => rows.set(one.partition, lane(one.partition)));
      partitions.forEach((one) => setRange(rows.get(one.partition), one));
      body.replaceChildren(...[...rows.values()].map(({ node }) => node));
    },

    bounds(all) {
      for (const [partition, row] of rows) if (all.has(partition)) setRange(row, all.get(partition));
    },

    add(records, skipped) {
      for (const [partition, { cells }] of rows) {
        const mine = records.filter((record) => record.partition === partition).slice(-CELLS);
        // The lane runs from right to left, so that it stays at its newest end when older cells are scrolled to.
        if (mine.length) cells.prepend(...mine.reverse().map(cell));
        while (cells.childElementCount > CELLS) cells.lastElementChild.remove();
      }
      skippedLine.hidden = skipped === 0;
      skippedLine.textContent = t('skipped', { records: skipped });
    },
  };
}

// Arrow keys go from cell to cell; older ones are to the left, and later in the document.
function move(event) {
  const strip = event.currentTarget;
  const at = strip.contains(event.target) && event.target !== strip ? event.target : null;
  const next = {
    ArrowLeft: at ? at.nextElementSibling : strip.firstElementChild,
    ArrowRight: at ? at.previousElementSibling : strip.firstElementChild,
    Home: strip.lastElementChild,
    End: strip.firstElementChild,
  }[event.key];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
