// The state that a reload keeps: #topics/orders?as=nest&lang=pt-BR&partition=1

export function readRoute(hash, { tabs, languages, as, lang }) {
  const [path, query = ''] = hash.replace(/^#/, '').split('?');
  const [tab, name] = path.split('/').map(decoded);
  const given = new URLSearchParams(query);
  const partition = given.get('partition');
  return {
    tab: tabs.includes(tab) ? tab : tabs[0],
    name: name || null,
    as: given.get('as') || as,
    lang: languages.includes(given.get('lang')) ? given.get('lang') : lang,
    partition: /^\d+$/.test(partition ?? '') ? Number(partition) : null,
  };
}

export function writeRoute({ tab, name, as, lang, partition }) {
  const query = new URLSearchParams({ as, lang });
  if (name && Number.isInteger(partition)) query.set('partition', partition);
  return `#${tab}${name ? `/${encodeURIComponent(name)}` : ''}?${query}`;
}

// An address that was typed by hand may hold a stray percent sign.
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
