// The view ACLs: principals by resources, each cell with what is allowed. A cell opens a panel with all operations.

import { stream } from './net.js';
import { button, el, scrollBox } from './dom.js';
import { t } from './words.js';
import { visible } from './field.js';
import { problemPlace } from './problem.js';
import { aclPanel } from './acl.js';

const SHORT = {
  READ: 'R', WRITE: 'W', CREATE: 'C', DELETE: 'D', ALTER: 'A', DESCRIBE: 'Ds', CLUSTER_ACTION: 'CA',
  DESCRIBE_CONFIGS: 'DC', ALTER_CONFIGS: 'AC', IDEMPOTENT_WRITE: 'IW', CREATE_TOKENS: 'CT', DESCRIBE_TOKENS: 'DT',
};

export function acls(place, context) {
  const trouble = problemPlace();
  const count = el('p', { class: 'facts' });
  const box = scrollBox(t('acls_label'));
  const legend = el('p', { class: 'note legend' });
  const panel = aclPanel(context.query, closePanel);
  // The cell whose panel is open, as [principal, "TYPE:name"].
  let chosen = null;
  let state = null;

  place.append(
    el('h2', {}, t('tab_acls')),
    el('p', { class: 'intro' }, t('acls_intro')),
    trouble.node,
    el('div', { class: 'with-aside' },
      el('section', { class: 'panel' }, el('h3', {}, t('acls_matrix')), count, box, legend),
      panel.node));

  function update(now) {
    state = now;
    count.textContent = t('acls_count', { acls: now.count });
    const focused = box.contains(document.activeElement) ? document.activeElement.dataset : {};
    const { principal, resource } = focused;
    box.replaceChildren(table(now));
    if (principal) cell(principal, resource)?.focus();
    legend.replaceChildren(...legendOf(now));
    if (chosen) showPanel();
  }

  function cell(principal, resource) {
    return [...box.querySelectorAll('button')].find(({ dataset }) => dataset.principal === principal && dataset.resource === resource);
  }

  function table({ principals, resources, cells }) {
    if (!resources.length) return el('p', { class: 'hint' }, t('no_acls'));
    return el('table', { class: 'matrix acls' },
      el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, t('principal')), resources.map(({ type, name }) =>
        el('th', { scope: 'col' }, el('span', { class: 'facts' }, type), el('bdi', {}, visible(name)))))),
      el('tbody', {}, principals.map((principal, row) => el('tr', {},
        el('th', { scope: 'row' }, el('bdi', {}, visible(principal))),
        resources.map((resource, column) => el('td', {}, cellButton(principal, resource, cells[row][column])))))));
  }

  function cellButton(principal, resource, allowed) {
    const id = `${resource.type}:${resource.name}`;
    const open = chosen && chosen[0] === principal && chosen[1] === id;
    const all = allowed.length === resource.operations.length && allowed.length > 1;
    const label = t('cell_allowed', { principal: visible(principal), resource: visible(id), operations: allowed.join(', ') || t('nothing') });
    return button([marks(allowed, all), el('span', { class: 'unseen' }, label)], () => choose(principal, id), {
      class: 'acl-cell',
      'data-test': 'acl-cell', 'data-principal': principal, 'data-resource': id,
      'aria-pressed': open ? 'true' : 'false', title: allowed.join(', ') || t('nothing'),
    });
  }

  function choose(principal, id) {
    chosen = [principal, id];
    for (const each of box.querySelectorAll('button')) {
      each.setAttribute('aria-pressed', String(each.dataset.principal === principal && each.dataset.resource === id));
    }
    showPanel();
    panel.focus();
  }

  function showPanel() {
    const [principal, id] = chosen;
    const row = state.principals.indexOf(principal);
    const column = state.resources.findIndex(({ type, name }) => `${type}:${name}` === id);
    if (row < 0 || column < 0) panel.gone();
    else panel.show(principal, state.resources[column], state.cells[row][column]);
  }

  function closePanel() {
    const [principal, id] = chosen;
    chosen = null;
    const opener = cell(principal, id);
    opener?.setAttribute('aria-pressed', 'false');
    opener?.focus();
  }

  const close = stream('api/acls', context.query, { acls: update }, trouble);
  return {
    close() {
      close();
      panel.close();
    },
  };
}

function short(operation) {
  return SHORT[operation] ?? operation;
}

function marks(allowed, all) {
  if (allowed.length === 0) return el('span', { class: 'unset' }, '–');
  if (all) return el('span', { class: 'op' }, t('all_operations', { operations: allowed.length }));
  return allowed.map((operation) => el('span', { class: 'op', title: operation }, short(operation)));
}

function legendOf({ resources }) {
  const known = [...new Set(resources.flatMap(({ operations }) => operations))];
  return known.map((operation) => el('span', {}, el('span', { class: 'op' }, short(operation)), ` ${operation}`));
}
