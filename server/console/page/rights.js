// What the caller may do, as the bank says. It is asked once for each token.
import { ask, changed } from './api.js';
import { caller as query } from './queries.js';

let asked = null;
let known = null; // the caller; until the bank has said, everything is offered
changed.addEventListener('token', () => { asked = null; known = null; });

// caller resolves to who is calling.
export async function caller() {
  asked ??= ask(query);
  const mine = asked;
  try {
    const { caller: answer = null } = await mine;
    if (mine === asked) known = answer;
    return answer;
  } catch (error) {
    if (String(error.code).startsWith('GRAPHQL_')) return null; // a gateway of an earlier build has no such query
    if (mine === asked) asked = null;
    throw error;
  }
}

// may reports whether the caller may send a mutation, mayRead a query.
export const may = (mutation) => known?.mutations.includes(mutation) ?? true;
export const mayRead = (query) => known?.queries.includes(query) ?? true;

// ownOnly is the subject of a caller who may only open accounts for itself.
export const ownOnly = () => (known && known.roles.every((role) => role === 'CUSTOMER') ? known.subject : '');
