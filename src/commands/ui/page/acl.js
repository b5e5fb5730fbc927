// The panel of a cell: every operation of the resource, and for one of them why it is allowed or denied, and which
// commands would change that. The page itself changes nothing.

import { getJson } from './net.js';
import { button, el, prose } from './dom.js';
import { t } from './words.js';
import { visible } from './field.js';
import { command, problemPlace } from './problem.js';

export function aclPanel(query, closed) {
  const title = el('h3', { tabindex: '-1' });
  const operations = el('ul', { class: 'operations' });
  const why = el('div', { class: 'why', 'aria-live': 'polite' });
  const trouble = problemPlace();
  const node = el('aside', { class: 'panel acl-panel', hidden: true, onkeydown: escape },
    el('div', { class: 'toolbar' }, title, button(t('close'), shut, { class: 'quiet' })),
    el('p', { class: 'note' }, t('acl_panel_note')), operations, trouble.node, why);
  let asking = new AbortController();
  let subject = null;
  let operation = null;

  function escape(event) {
    if (event.key === 'Escape') shut();
  }

  function shut() {
    node.hidden = true;
    forget();
    closed();
  }

  function forget() {
    asking.abort();
    subject = null;
    operation = null;
    trouble.clear();
    why.replaceChildren();
  }

  function show(principal, resource, allowed) {
    const now = JSON.stringify([principal, resource.type, resource.name]);
    if (now !== subject) forget();
    subject = now;
    node.hidden = false;
    title.replaceChildren(t('acl_panel_title', { principal: visible(principal), resource: visible(`${resource.type}:${resource.name}`) }));
    const focused = operations.contains(document.activeElement) ? document.activeElement.dataset.operation : null;
    operations.replaceChildren(...resource.operations.map((one) => {
      const yes = allowed.includes(one);
      return el('li', {}, button([el('span', { class: 'sign', 'aria-hidden': 'true' }, yes ? '✓' : '✗'), ` ${one} `, el('span', { class: 'verdict' }, t(yes ? 'allowed' : 'denied'))],
        () => ask(principal, resource, one),
        { 'data-test': 'acl-op', 'data-operation': one, 'data-allowed': String(yes), 'aria-pressed': String(one === operation) }));
    }));
    if (focused) [...operations.querySelectorAll('button')].find(({ dataset }) => dataset.operation === focused)?.focus();
    // The ACLs have changed under an explanation that is open.
    if (operation) ask(principal, resource, operation);
  }

  async function ask(principal, resource, one) {
    asking.abort();
    asking = new AbortController();
    operation = one;
    for (const each of operations.querySelectorAll('button')) each.setAttribute('aria-pressed', String(each.dataset.operation === one));
    try {
      const answer = await getJson('api/acl', { ...query, principal, operation: one, type: resource.type, name: resource.name }, asking.signal);
      trouble.clear();
      why.replaceChildren(...explained(answer));
    } catch (problem) {
      if (problem.name !== 'AbortError') trouble.show(problem);
    }
  }

  return {
    node,
    show,
    focus: () => title.focus(),
    // The row or column of the cell is no longer in the matrix.
    gone() {
      operations.replaceChildren();
      why.replaceChildren(el('p', { class: 'hint' }, t('cell_gone')));
    },
    close: () => asking.abort(),
  };
}

function explained({ principal, operation, resource, allowed, rule, place, near, commands, entry }) {
  return [
    el('p', { class: `answer ${allowed ? 'yes' : 'no'}` },
      `${allowed ? '✓' : '✗'} ${t(allowed ? 'may' : 'may_not', { principal: visible(principal), operation, resource: visible(resource) })}`),
    el('p', {}, el('bdi', {}, visible(rule))),
    place ? el('p', {}, `${t('written_in')} `, el('code', {}, place)) : null,
    near.length ? [el('h4', {}, t('near')), el('ul', { class: 'near' }, near.map(({ why, acl }) => el('li', {}, el('code', {}, visible(acl)), ` ${why}`)))] : null,
    commands.length ? [
      el('h4', {}, t('to_change')),
      el('p', { class: 'note' }, t('page_changes_nothing')),
      commands.map(({ what, command: text }) => [el('p', { class: 'what' }, what), command(text, { 'data-test': 'acl-command' })]),
    ] : null,
    entry ? [el('h4', {}, t('in_a_file')), el('p', { class: 'note' }, prose(t('in_a_file_note'))), command(entry)] : null,
  ].flat(Infinity).filter(Boolean);
}
