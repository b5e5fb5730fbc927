// A list of records of any length, of which only the rows in sight exist. It asks its source
// { count(), at(index), id(index), indexOf(id), want?(first, last) }; `at` may be undefined (comes later) or null (a gap).

import { el } from './dom.js';
import { moment, t } from './words.js';
import { absent, keyNode, valueNode } from './field.js';
import { keyMark } from './keys.js';

const ROW = 30;
const OVERSCAN = 8;
// Browsers end an element at some 17 million pixels. The scroll bar of a longer list moves in larger steps.
const TALLEST = 15_000_000;

export function recordList({ label, letters, open, source, empty, test = 'record', follow = false }) {
  const rows = new Map();
  const room = el('div', { class: 'rows', role: 'rowgroup' });
  const nothing = el('p', { class: 'hint' }, empty);
  const scroller = el('div', { class: 'list-scroll', tabindex: '0', role: 'grid', 'aria-label': label, onkeydown: key, onscroll: drawSoon, onclick: click }, room, nothing);
  const node = el('div', { class: 'list' }, head(), scroller);
  let active = null;
  let due = 0;
  // Where the list stands: the pixel of the whole list that is at the top, and the scroll bar's place for that.
  let top = 0;
  let placed = 0;
  let full = 0;

  const resized = new ResizeObserver(drawSoon);
  resized.observe(scroller);

  function drawSoon() {
    if (!due) due = requestAnimationFrame(draw);
  }

  // Pixels of the list per pixel of the scroll bar: 1 unless the list is too tall for the browser.
  function scale() {
    const seen = scroller.clientHeight;
    return full > TALLEST ? (full - seen) / (TALLEST - seen) : 1;
  }

  // What the user has scrolled since the list was placed. In a list that is too tall, a turn of the wheel goes as far
  // as in any other; only a pull at the scroll bar goes farther.
  function readScroll() {
    const now = scroller.scrollTop;
    const way = now - placed;
    if (way === 0) return;
    placed = now;
    const seen = scroller.clientHeight;
    const isAtAnEnd = now <= 0 || now >= scroller.scrollHeight - seen - 1;
    if (full > TALLEST && !isAtAnEnd && Math.abs(way) < 2 * seen) top += way;
    else top = now * scale();
  }

  function place(pixel) {
    top = Math.max(Math.min(pixel, full - scroller.clientHeight), 0);
    scroller.scrollTop = top / scale();
    placed = scroller.scrollTop;
  }

  function measure() {
    const count = source.count();
    full = count * ROW;
    nothing.hidden = count > 0;
    scroller.classList.toggle('empty', count === 0);
    room.style.height = `${Math.min(full, TALLEST)}px`;
    // A grid without rows would be none.
    room.hidden = count === 0;
    scroller.setAttribute('role', count ? 'grid' : 'region');
    if (count) scroller.setAttribute('aria-rowcount', count);
    else scroller.removeAttribute('aria-rowcount');
  }

  function draw() {
    due = 0;
    readScroll();
    const count = full / ROW;
    const first = Math.max(Math.floor(top / ROW) - OVERSCAN, 0);
    const last = Math.min(Math.ceil((top + scroller.clientHeight) / ROW) + OVERSCAN, count) - 1;
    removeBut(first, last);
    let next = room.firstChild;
    for (let index = first; index <= last; index += 1) {
      const row = rowAt(index);
      row.style.transform = `translateY(${index * ROW - top + placed}px)`;
      row.setAttribute('aria-rowindex', index + 1);
      row.classList.toggle('active', source.id(index) === active);
      // Only new rows are inserted: moving one takes its focus away.
      if (row === next) next = next.nextSibling;
      else room.insertBefore(row, next);
    }
    if (last >= first) source.want?.(first, last);
  }

  function removeBut(first, last) {
    const stay = new Set();
    for (let index = first; index <= last; index += 1) stay.add(source.id(index));
    for (const [id, { row }] of rows) {
      if (stay.has(id)) continue;
      if (row === document.activeElement) scroller.focus({ preventScroll: true });
      row.remove();
      rows.delete(id);
    }
  }

  function rowAt(index) {
    const id = source.id(index);
    const record = source.at(index);
    const known = rows.get(id);
    if (known && known.record === record) return known.row;
    const row = known?.row ?? el('div', { class: 'record', role: 'row', tabindex: '-1', 'data-id': id });
    row.replaceChildren(...cells(id, record, letters));
    if (record) {
      row.dataset.test = test;
      row.dataset.partition = record.partition;
      row.dataset.offset = record.offset;
    }
    rows.set(id, { row, record });
    return row;
  }

  function click(event) {
    const row = event.target.closest('.record');
    const known = row && [...rows].find(([, one]) => one.row === row);
    if (!known) return;
    [active] = known;
    drawSoon();
    if (known[1].record) open(known[1].record);
  }

  function key(event) {
    const focused = [...rows].find(([, { row }]) => row === event.target);
    if (focused) [active] = focused;
    const count = source.count();
    const at = active === null ? -1 : source.indexOf(active);
    const page = Math.max(Math.floor(scroller.clientHeight / ROW) - 1, 1);
    if (event.key === 'Enter' && at >= 0 && source.at(at)) {
      event.preventDefault();
      open(source.at(at));
      return;
    }
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: count - 1, PageDown: at + page, PageUp: at - page }[event.key];
    if (to === undefined || count === 0) return;
    event.preventDefault();
    goTo(Math.min(Math.max(to, 0), count - 1));
  }

  function goTo(index) {
    if (source.count() === 0) return;
    active = source.id(index);
    readScroll();
    measure();
    const seen = scroller.clientHeight;
    if (index * ROW < top) place(index * ROW);
    else if ((index + 1) * ROW > top + seen) place((index + 1) * ROW - seen);
    draw();
    rows.get(active)?.row.focus({ preventScroll: true });
  }

  return {
    node,
    goTo,
    // `above`: how many rows were added before the first one, or, negative, taken away.
    update({ above = 0 } = {}) {
      readScroll();
      const seen = scroller.clientHeight;
      const isAtEnd = full > seen && top + seen >= full - 1;
      measure();
      if (follow && isAtEnd) place(full - seen);
      else place(top > 0 ? top + above * ROW : top);
      draw();
    },
    close() {
      cancelAnimationFrame(due);
      due = -1;
      resized.disconnect();
    },
  };
}

function head() {
  const names = [['partition', t('column_partition')], ['offset', t('offset')], ['time', t('time')], ['key', t('key')], ['value', t('value')]];
  return el('div', { class: 'list-head', 'aria-hidden': 'true' }, names.map(([name, text]) => el('span', { class: `c-${name}` }, text)));
}

function cells(id, record, letters) {
  const part = (name, ...children) => el('span', { class: `c-${name}`, role: 'gridcell' }, children);
  if (!record) {
    return [part('partition'), part('offset', String(id)), part('gap', absent(record === null ? t('gap') : t('loading')))];
  }
  return [
    part('partition', String(record.partition)),
    part('offset', String(record.offset)),
    part('time', moment(record.timestamp_ms)),
    part('key', keyMark(letters(record.key)), keyNode(record.key)),
    part('value', valueNode(record.value)),
  ];
}
