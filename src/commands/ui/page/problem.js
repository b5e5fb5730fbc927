// What went wrong, in the words of the server: what was being done, then a row per part; and commands to copy.

import { button, el, prose } from './dom.js';
import { t } from './words.js';
import { wholeText } from './field.js';

export function problemBlock(problem) {
  return el('div', { class: 'problem', role: 'alert', 'data-test': 'problem', 'data-kind': problem.kind },
    el('p', { class: 'doing' }, problem.doing ?? prose(t(problem.kind === 'lost' ? 'lost' : 'failed'))),
    el('dl', {}, (problem.parts ?? []).map(({ label, text, command: isCommand }) => [
      el('dt', {}, label),
      el('dd', {}, isCommand ? command(text) : wholeText(text)),
    ])));
}

// A place that stands above the data of a view, which stay as they were; whoever has new data clears it. The same
// problem is not announced twice.
export function problemPlace() {
  const node = el('div', { class: 'problem-place' });
  let last = null;
  let good = false;
  return {
    node,
    show(problem) {
      const now = JSON.stringify(problem);
      if (now === last) return;
      last = now;
      node.replaceChildren(problemBlock(problem), good ? el('p', { class: 'stale' }, t('stale')) : '');
    },
    clear() {
      good = true;
      if (last === null) return;
      last = null;
      node.replaceChildren();
    },
  };
}

// A command for the terminal, with a button that copies it; where the clipboard is refused, the text is selected.
export function command(text, attributes) {
  const code = el('code', attributes, wholeText(text));
  const copy = button(t('copy'), async () => {
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = t('copied');
    } catch {
      getSelection().selectAllChildren(code);
      copy.textContent = t('selected');
    }
    setTimeout(() => { copy.textContent = t('copy'); }, 2000);
  }, { class: 'copy', 'aria-live': 'polite' });
  return el('div', { class: 'command' }, code, copy);
}
