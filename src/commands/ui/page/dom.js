// Makes elements. Whatever is shown becomes a text node: nothing that a record holds is ever read as HTML.

const SVG = 'http://www.w3.org/2000/svg';

export function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

// Attributes that are null or false are left out; `onclick` and its like are listeners.
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function labelled(label, control, attributes) {
  return el('label', { class: 'labelled', ...attributes }, el('span', {}, label), control);
}

export function link(href, text, attributes) {
  return el('a', { href, ...attributes }, text);
}

export function button(text, onclick, attributes) {
  return el('button', { type: 'button', onclick, ...attributes }, text);
}

// A select of [value, text] pairs.
export function choice(options, attributes) {
  return el('select', attributes, options.map(([value, text]) => el('option', { value }, text)));
}

// A text in which `backticks` hold what is typed in a terminal.
export function prose(text) {
  return text.split('`').map((part, at) => (at % 2 ? el('code', {}, part) : part));
}

// A box that a wide table scrolls in; it takes the focus so that arrow keys scroll it too.
export function scrollBox(label, ...children) {
  return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label }, children);
}
