import './workers.js';
// Imported here as well as lazily by GraphiQL, so that its styles are in the
// page's style sheet.
import 'monaco-graphql/esm/monaco-editor.js';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import '@graphiql/plugin-explorer/style.css';
import 'graphiql/graphiql.css';
import './page.css';

import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { GraphiQL } from 'graphiql';
import { explorerPlugin } from '@graphiql/plugin-explorer';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { createFetcher, pause } from './fetcher.js';
import { startingTab, storageWithoutHeaders } from './storage.js';
import { resume } from '../../../console/page/session.js';

const plugins = [HISTORY_PLUGIN, explorerPlugin()];

// The token of this browser's session, as the headers editor wants it. It is kept
// in memory alone.
async function fetchToken() {
  const token = await resume();
  return token ? { Authorization: `Bearer ${token}` } : null;
}

async function readJSON(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

function Page({ config, tabs, signedIn }) {
  // GraphiQL finds the variables of the tab it opens on only if they have been
  // edited, so it is told both. The pair matches a stored tab, or on a first
  // visit the first of the default tabs.
  const [start] = useState(() => startingTab(tabs));
  const [fetcher] = useState(() => createFetcher(config, signedIn, fetchToken));
  const [headers] = useState(() => (signedIn ? JSON.stringify(signedIn, null, 2) : undefined));
  return (
    <GraphiQL
      fetcher={fetcher}
      plugins={plugins}
      storage={storageWithoutHeaders}
      shouldPersistHeaders={false}
      defaultTabs={tabs.map((tab) => ({ ...tab, headers }))}
      defaultHeaders={headers}
      initialHeaders={headers}
      initialQuery={start.query ?? ''}
      initialVariables={start.variables ?? ''}
      defaultEditorToolsVisibility="variables"
    >
      <GraphiQL.Logo>
        <span className="corebank-logo">
          <img src={document.querySelector('link[rel=icon]').href} alt="" />
          corebank
          {config.console && <a href={config.console}>Console</a>}
        </span>
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

// The tab that is active is in view, also one that was just added.
function keepActiveTabInView(element) {
  let last = null;
  new MutationObserver(() => {
    const active = element.querySelector('.graphiql-tab-active');
    if (active === last) return;
    last = active;
    active?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }).observe(element, { subtree: true, childList: true, attributes: true, attributeFilter: ['class'] });
}

// open starts the page, as soon as the bank answers.
async function open(element) {
  for (;;) {
    try {
      const [config, tabs, signedIn] = await Promise.all([readJSON('config.json'), readJSON('tabs.json'), fetchToken()]);
      element.className = '';
      createRoot(element).render(<Page config={config} tabs={tabs} signedIn={signedIn} />);
      keepActiveTabInView(element);
      return;
    } catch (error) {
      element.className = 'page-failed';
      element.textContent = `The bank does not answer: ${error.message}. The page tries again by itself.`;
      await pause();
    }
  }
}

open(document.getElementById('graphiql'));
