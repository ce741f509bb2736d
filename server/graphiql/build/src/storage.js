// GraphiQL keeps tabs, history and favourites in local storage. With
// shouldPersistHeaders={false} it leaves the headers out of the tabs, but still
// writes them into the history and the favourites. Headers carry tokens, and a
// token must not outlive the page, so they are blanked in everything written.

const prefix = 'graphiql:';

export const storageWithoutHeaders = {
  getItem: (key) => localStorage.getItem(key),
  removeItem: (key) => localStorage.removeItem(key),
  setItem(key, value) {
    if (key === `${prefix}headers`) return;
    const holdsTabs = ['tabState', 'queries', 'favorites'].some((name) => key === prefix + name);
    localStorage.setItem(key, holdsTabs ? withoutHeaders(value) : value);
  },
  get length() {
    return ownKeys().length;
  },
  clear() {
    ownKeys().forEach((key) => localStorage.removeItem(key));
  },
};

// The tab that the page opens on: the last active one, or on a first visit the
// first of the examples.
export function startingTab(examples) {
  try {
    const { tabs, activeTabIndex } = JSON.parse(localStorage.getItem(`${prefix}tabState`));
    return tabs[activeTabIndex] ?? examples[0];
  } catch {
    return examples[0];
  }
}

function withoutHeaders(json) {
  return JSON.stringify(JSON.parse(json), (key, value) => (key === 'headers' ? null : value));
}

function ownKeys() {
  return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
}
