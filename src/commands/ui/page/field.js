// Shows keys, values and headers of records as text. They come from anybody: control characters are made visible, and
// writing direction stays inside the field.

import { el } from './dom.js';
import { t } from './words.js';

const ROW_CHARACTERS = 300;

// Control characters, and what is invisible or turns the direction of the text that follows.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/g;
const NAMED = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(character) {
  return NAMED[character] ?? `\\u{${character.charCodeAt(0).toString(16)}}`;
}

// As plain text, for labels and names.
export function visible(text) {
  return String(text).replace(UNSEEN, escaped);
}

// As nodes, in which an escape looks different from text that spells it. `lines`: line breaks and tabs stay.
function shown(text, lines) {
  const nodes = [];
  let from = 0;
  for (const { 0: character, index } of text.matchAll(UNSEEN)) {
    if (lines && (character === '\n' || character === '\t')) continue;
    nodes.push(text.slice(from, index), el('span', { class: 'escape' }, escaped(character)));
    from = index + 1;
  }
  return el('bdi', {}, nodes, text.slice(from));
}

// A text at its full length.
export function wholeText(text) {
  return shown(text, true);
}

// One line without markup, for labels.
export function keyText(key) {
  if (key === null) return t('no_key');
  return key.bytes === 0 ? t('empty_key') : visible(short(key));
}

export function valueText(value) {
  if (value === null) return t('tombstone');
  return value.bytes === 0 ? t('empty_value') : visible(short(value));
}

function short({ text, cut }) {
  return cut || text.length > ROW_CHARACTERS ? `${text.slice(0, ROW_CHARACTERS)}…` : text;
}

// The same for a row, where what is absent looks different from text that says so.
export function keyNode(key) {
  return key === null || key.bytes === 0 ? absent(keyText(key)) : shown(short(key));
}

export function valueNode(value) {
  if (value === null) return absent(`✕ ${t('tombstone')}`, 'tombstone');
  return value.bytes === 0 ? absent(t('empty_value')) : shown(short(value));
}

export function absent(text, extra = '') {
  return el('span', { class: `absent ${extra}` }, text);
}

// JSON with line breaks, or null where the text is no JSON object or list. Only white space is touched: to parse and
// write it again would alter long numbers and repeated names.
export function indented(text) {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  let depth = 0;
  const line = () => `\n${'  '.repeat(depth)}`;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g);
  return tokens.map((token, at) => {
    const empty = /[[{]/.test(tokens[at - 1]) && tokens[at - 1]?.length === 1;
    if (token === '{' || token === '[') {
      depth += 1;
      return /[\]}]/.test(tokens[at + 1]) && tokens[at + 1].length === 1 ? token : token + line();
    }
    if (token === '}' || token === ']') {
      depth -= 1;
      return empty ? token : line() + token;
    }
    if (token === ',') return token + line();
    return token === ':' ? ': ' : token;
  }).join('');
}
