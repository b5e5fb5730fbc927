// One record opened: everything it has, in a dialog that Escape closes.

import { getJson } from './net.js';
import { button, el } from './dom.js';
import { moment, number, t } from './words.js';
import { absent, indented, visible, wholeText } from './field.js';
import { problemPlace } from './problem.js';

export function recordDialog(query) {
  const body = el('div', {});
  const trouble = problemPlace();
  const title = el('h3', { id: 'record-title' });
  const node = el('dialog', { 'data-test': 'detail', 'aria-labelledby': 'record-title', onclick: closeOutside },
    el('div', { class: 'dialog' },
      el('div', { class: 'toolbar' }, title, button(t('close'), () => node.close(), { class: 'quiet' })),
      trouble.node, body));
  let asking = new AbortController();

  // A click beside the content has the dialog itself as its target.
  function closeOutside(event) {
    if (event.target === node) node.close();
  }

  function fill(record) {
    title.textContent = t('place', { partition: String(record.partition), offset: String(record.offset) });
    body.replaceChildren(el('div', {}, parts(record)));
  }

  // The lists have only the beginning of long fields, so the whole record is asked for where that matters.
  async function open(record) {
    asking.abort();
    asking = new AbortController();
    trouble.clear();
    fill(record);
    if (!node.open) node.showModal();
    if (![record.key, record.value, ...record.headers.map(({ value }) => value)].some((field) => field?.cut)) return;
    try {
      fill(await getJson('api/record', { ...query, partition: record.partition, offset: record.offset }, asking.signal));
    } catch (problem) {
      if (problem.name !== 'AbortError') trouble.show(problem);
    }
  }

  return {
    node,
    open,
    close() {
      asking.abort();
      node.close();
    },
  };
}

function parts(record) {
  const time = record.timestamp_ms === null ? absent(t('no_time')) : `${moment(record.timestamp_ms)} (${record.timestamp_type})`;
  return [
    el('h4', {}, t('key'), size(record.key)),
    whole(record.key, t('no_key_long'), t('empty_key')),
    el('h4', {}, t('value'), size(record.value)),
    whole(record.value, t('tombstone_long'), t('empty_value')),
    el('h4', {}, t('headers')),
    record.headers.length ? headers(record.headers) : el('p', {}, absent(t('no_headers'))),
    el('dl', { class: 'facts-list' },
      el('dt', {}, t('time')), el('dd', {}, time),
      el('dt', {}, t('codec')), el('dd', {}, record.codec === 'none' ? t('codec_none') : record.codec)),
  ];
}

function size(field) {
  if (field === null) return null;
  const bytes = t('bytes', { bytes: field.bytes });
  return el('span', { class: 'facts' }, field.encoding === 'escaped' ? `${bytes} · ${t('not_utf8')}` : bytes);
}

// A field at its full length. JSON is shown with line breaks, and as it is beneath.
function whole(field, none, empty) {
  if (field === null) return el('p', {}, absent(none));
  if (field.bytes === 0) return el('p', {}, absent(empty));
  const pretty = field.cut ? null : indented(field.text);
  const plain = el('pre', { tabindex: '0' }, wholeText(field.text));
  const cut = field.cut ? el('p', { class: 'note' }, t('cut', { characters: number(field.text.length) })) : null;
  if (pretty === null || pretty === field.text) return [plain, cut];
  return [
    el('pre', { tabindex: '0' }, wholeText(pretty)),
    el('details', {}, el('summary', {}, t('as_it_is')), plain),
  ];
}

function headers(all) {
  return el('table', { class: 'headers' },
    el('tbody', {}, all.map(({ name, value }) => el('tr', {},
      el('th', { scope: 'row' }, el('bdi', {}, visible(name))),
      el('td', {}, value === null ? absent(t('null_header')) : value.bytes === 0 ? absent(t('empty_value')) : wholeText(value.text))))));
}
