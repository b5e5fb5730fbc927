// Starts the page: asks what the server knows (api/about), builds the header once per language, and opens the view
// that the address names. A view is a function (place, context) that returns { close(), show?(route) }.

import { getJson, onLost } from './net.js';
import { speak, t } from './words.js';
import { choice, el, labelled, link, prose } from './dom.js';
import { visible } from './field.js';
import { problemBlock } from './problem.js';
import { readRoute, writeRoute } from './route.js';
import { topics } from './topics.js';
import { groups } from './groups.js';
import { acls } from './acls.js';
import { live } from './live.js';

const VIEWS = { topics, groups, acls, live };

let about;
let shown = null;
let view = null;

start();

async function start() {
  try {
    about = await getJson('api/about');
  } catch (problem) {
    document.body.append(problemBlock(problem));
    return;
  }
  addEventListener('hashchange', follow);
  follow();
}

function currentRoute() {
  return readRoute(location.hash, {
    tabs: Object.keys(VIEWS),
    languages: about.languages,
    as: about.principal,
    lang: about.lang,
  });
}

function follow() {
  const route = currentRoute();
  const before = shown;
  shown = route;
  if (before?.lang !== route.lang) frame(route);
  mark(route);
  const same = before && ['tab', 'as', 'lang'].every((part) => before[part] === route[part]);
  if (same && view.show) view.show(route);
  else openView(route);
}

function openView(route) {
  view?.close();
  const place = el('div', { class: `view view-${route.tab}` });
  document.querySelector('main').replaceChildren(place);
  view = VIEWS[route.tab](place, {
    about,
    route,
    query: { as: route.as, lang: route.lang },
    href: (changes) => writeRoute({ ...shown, ...changes }),
    go,
  });
}

function go(changes) {
  location.hash = writeRoute({ ...shown, ...changes });
}

// All that surrounds a view. It is built anew only for another language.
function frame(route) {
  speak(about.words, route.lang);
  document.documentElement.lang = route.lang;
  const hadFocus = document.activeElement?.dataset.test === 'lang';
  const languages = choice(about.languages.map((code) => [code, t(`language_${code.replace('-', '_').toLowerCase()}`)]), {
    'data-test': 'lang',
    onchange: (event) => go({ lang: event.target.value }),
  });
  const principals = choice(principalChoices(route.as), {
    'data-test': 'as',
    onchange: (event) => go({ as: event.target.value }),
  });
  const banner = el('p', { class: 'banner', role: 'status', hidden: true }, prose(t('lost')));
  onLost((lost) => { banner.hidden = !lost; });
  document.body.replaceChildren(
    el('a', { class: 'skip', href: '#main', onclick: skipToMain }, t('skip')),
    el('header', {},
      el('div', { class: 'bar' },
        el('div', { class: 'brand' },
          el('h1', {}, 'kafkalab'),
          el('p', { class: 'server' }, el('code', {}, about.server), ` ${about.protocol} · ${engine()}`)),
        el('nav', { 'aria-label': t('views') }, Object.keys(VIEWS).map((tab) =>
          link('#', t(`tab_${tab}`), { 'data-test': `tab-${tab}`, 'data-tab': tab }))),
        el('div', { class: 'choices' }, labelled(t('acting_as'), principals), labelled(t('language'), languages))),
      banner,
      el('p', { class: 'acting' })),
    el('main', { id: 'main', tabindex: '-1' }),
    el('footer', {}, `kafkalab ${about.version} · ${t('only_reads')}`));
  if (hadFocus) languages.focus();
}

// The link's own target would replace the route in the address.
function skipToMain(event) {
  event.preventDefault();
  document.querySelector('main').focus();
}

function principalChoices(as) {
  const names = about.principals.map(({ name }) => name);
  for (const name of [about.principal, as]) if (!names.includes(name)) names.push(name);
  return names.map((name) => [name, name]);
}

function engine() {
  const known = ['embedded', 'docker', 'other'].includes(about.engine);
  return known ? t(`engine_${about.engine}`) : about.engine;
}

// What changes in the header with the route.
function mark(route) {
  for (const anchor of document.querySelectorAll('nav [data-tab]')) {
    const { tab } = anchor.dataset;
    anchor.href = writeRoute({ as: route.as, lang: route.lang, tab });
    if (tab === route.tab) anchor.setAttribute('aria-current', 'page');
    else anchor.removeAttribute('aria-current');
  }
  document.querySelector('[data-test="as"]').value = route.as;
  document.querySelector('[data-test="lang"]').value = route.lang;
  const principal = about.principals.find(({ name }) => name === route.as)?.principal ?? route.as;
  document.querySelector('.acting').replaceChildren(t('acting', { principal }));
  document.title = [route.name && visible(route.name), t(`tab_${route.tab}`), 'kafkalab'].filter(Boolean).join(' · ');
}
