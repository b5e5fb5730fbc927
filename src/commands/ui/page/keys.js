// A letter and a hue per key, in order of first appearance: A to Z, then AA to ZZ, and after that one sign for all.

import { el } from './dom.js';

const MOST = 26 + 26 * 26;
// Neighbours on the wheel stay far apart, however many keys there are.
const GOLDEN_ANGLE = 137.5;

export function keyLetters() {
  const seen = new Map();
  return (key) => {
    if (key === null) return { letter: '–', hue: null };
    if (key.bytes === 0) return { letter: '""', hue: null };
    if (!seen.has(key.text) && seen.size < MOST) seen.set(key.text, seen.size);
    const at = seen.get(key.text);
    return at === undefined ? { letter: '#', hue: null } : { letter: letters(at), hue: (205 + at * GOLDEN_ANGLE) % 360 };
  };
}

function letters(at) {
  const letter = (n) => String.fromCharCode(65 + n);
  return at < 26 ? letter(at) : letter(Math.floor(at / 26) - 1) + letter(at % 26);
}

export function paint(node, hue) {
  if (hue === null) return node;
  node.classList.add('hued');
  node.style.setProperty('--hue', hue);
  return node;
}

export function keyMark({ letter, hue }) {
  return paint(el('span', { class: 'mark', 'aria-hidden': 'true' }, letter), hue);
}
