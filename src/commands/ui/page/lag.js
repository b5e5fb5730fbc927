// The total lag of a group over the last five minutes, as a line. It is kept in the page only.

import { el, svg } from './dom.js';
import { t } from './words.js';

const SPAN_MS = 5 * 60 * 1000;
const WIDTH = 300;
const HEIGHT = 48;

export function lagLine() {
  const line = svg('path', { class: 'line' });
  const area = svg('path', { class: 'area' });
  const picture = svg('svg', { viewBox: `0 -2 ${WIDTH} ${HEIGHT + 4}`, preserveAspectRatio: 'none', role: 'img' }, area, line);
  const highest = el('span', { class: 'highest' });
  const node = el('figure', { class: 'lag-line' },
    el('figcaption', {}, t('lag_over_time'), ' ', highest), picture,
    el('div', { class: 'axis', 'aria-hidden': 'true' }, el('span', {}, t('five_minutes_ago')), el('span', {}, t('now'))));
  let points = [];

  // The lag holds until the next report, so the line goes in steps.
  function draw(now) {
    const from = now - SPAN_MS;
    const firstInside = points.findIndex(({ at }) => at >= from);
    // The last point before the span still tells where the line enters it.
    if (firstInside > 1) points = points.slice(firstInside - 1);
    const top = Math.max(...points.map(({ lag }) => lag), 1);
    const x = (at) => Math.max(((at - from) / SPAN_MS) * WIDTH, 0).toFixed(1);
    const y = (lag) => (HEIGHT - (lag / top) * HEIGHT).toFixed(1);
    if (points.length === 0) return;
    const [first, ...rest] = points;
    const steps = rest.map(({ at, lag }) => `H${x(at)}V${y(lag)}`).join('');
    const path = `M${x(first.at)} ${y(first.lag)}${steps}H${WIDTH}`;
    line.setAttribute('d', path);
    area.setAttribute('d', `${path}V${HEIGHT}H${x(first.at)}Z`);
    const last = points.at(-1).lag;
    const most = Math.max(...points.map(({ lag }) => lag));
    highest.textContent = t('lag_highest', { now: last, most });
    picture.setAttribute('aria-label', `${t('lag_over_time')} ${t('lag_highest', { now: last, most })}`);
  }

  return {
    node,
    draw,
    add(at, lag) {
      if (lag === null) return;
      points.push({ at, lag });
      draw(at);
    },
  };
}
