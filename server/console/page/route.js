// Addresses of the console: #/name/id/more?parameters, so that reload and back
// work and a link to a view can be shared.
// What the bank calls by an id with a mark, the past or a prediction, has no page of
// its own: the page is that of what it is about.
const unmarked = (id) => id.split('@')[0];

// decoded is a part of an address as it was meant, or as it stands where it is
// broken: then nothing has that id.
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function read(hash) {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [name = '', id = '', more = ''] = path.split('/').map(decoded);
  return { name: name || 'accounts', id: unmarked(id), more, parameters: Object.fromEntries(new URLSearchParams(query)) };
}

export function link(path, parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value);
  const query = new URLSearchParams(given).toString();
  return `#/${path}${query ? `?${query}` : ''}`;
}
