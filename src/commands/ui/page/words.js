// The texts of phases/words/page.toml in the language chosen, and numbers and times as that language writes them.

let words = {};
let lang = 'en';

export function speak(all, language) {
  words = all;
  lang = language;
}

// Fills `{name}`, and `{name?one|many}` by whether the number is 1.
export function t(key, values = {}) {
  const text = words[lang]?.[key] ?? words.en?.[key] ?? key;
  return text.replace(/\{(\w+)(?:\?([^|}]*)\|([^}]*))?\}/g, (whole, name, one, many) => {
    if (!(name in values)) return whole;
    const value = values[name];
    if (one !== undefined) return Number(value) === 1 ? one : many;
    return typeof value === 'number' ? number(value) : String(value);
  });
}

export function number(value) {
  return new Intl.NumberFormat(lang).format(value);
}

const two = (value) => String(value).padStart(2, '0');

// 14:01:28.123, by the clock of the browser.
export function clock(ms) {
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

// 2026-01-31 14:01:28.123: the order that no language reads wrongly.
export function moment(ms) {
  if (ms === null || Number.isNaN(new Date(ms).getTime())) return t('no_time');
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(ms)}`;
}
