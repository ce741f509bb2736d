// The session of this browser, which a link of a bank on this machine begins. The
// code in the link works once. This browser keeps only the key that it is exchanged
// for; the token that the key fetches stays in memory. GraphiQL uses this file, too.
const path = '/session';
const kept = 'corebank-session';

async function send(method, body) {
  const response = await fetch(path, { method, headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body), credentials: 'omit', cache: 'no-store' }).catch(away);
  const answer = await response.json().catch(() => ({}));
  if (response.status >= 500) away();
  if (!response.ok) throw new Error(answer.error ?? `The bank answered with status ${response.status}.`);
  return answer;
}

// away is the error of a bank that may answer later.
function away() {
  throw Object.assign(new Error('The bank did not answer. Check that it is running.'), { code: 'LOST' });
}

// resume returns the token of this browser's session, or ''.
export async function resume() {
  const session = localStorage.getItem(kept);
  return session ? send('POST', { session }).then(({ token }) => token ?? '', ended) : '';
}

function ended(error) {
  if (error.code === 'LOST') throw error;
  return '';
}

// begin returns the token for the code of a link. A link that was used in this
// browser already resumes its session.
export async function begin(code) {
  const before = await resume();
  try {
    const { session, token } = await send('POST', { code });
    localStorage.setItem(kept, session);
    return token;
  } catch (error) {
    if (!before) throw error;
    return before;
  }
}

// end signs this browser out.
export async function end() {
  const session = localStorage.getItem(kept);
  localStorage.removeItem(kept);
  if (session) await send('DELETE', { session }).catch(() => {}); // it also ends with the bank
}
