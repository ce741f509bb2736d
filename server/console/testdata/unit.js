// Checks of the page's pure functions, run in the browser by a Go test. run
// returns the failures.
import { noteOf } from '/page/chart.js';
import { entries, momentOf } from '/page/field.js';
import { batchItems, forms, legFields } from '/page/forms.js';
import { Ledger, live, most } from '/page/ledger.js';
import { differences, say } from '/page/legs.js';
import { copied, decimal, grouped, isNegative, isZero, minor, shown, sum, typed } from '/page/money.js';
import { Live } from '/page/live.js';
import { allows, headline, reversal } from '/page/offer.js';
import { patiently } from '/page/persist.js';
import * as queries from '/page/queries.js';
import { link, read } from '/page/route.js';
import { fraction, nearest, positions, ticks, timeLabel, timeTicks } from '/page/scale.js';
import { socket } from '/page/socket.js';
import { balanceSheet } from '/page/trial.js';

const wrong = [];
const json = (value) => JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? `${one}n` : one));
let checks = 0;

function is(what, got, want) {
  checks++;
  if (json(got) !== json(want)) wrong.push(`${what}: got ${json(got)}, want ${json(want)}`);
}

function money() {
  is('minor units', minor('-92233720368547758.07'), { units: -9223372036854775807n, decimals: 2 });
  is('and back', decimal(-9223372036854775807n, 2), '-92233720368547758.07');
  is('less than one', decimal(5n, 3), '0.005');
  is('no decimals', decimal(1250n, 0), '1250');
  is('grouped', shown('-1234567.10'), '−1\u202f234\u202f567.10');
  is('not grouped', shown('999.99'), '999.99');
  is('a fraction is not grouped', shown('1.1234'), '1.1234');
  is('exact where floats are not', sum(['0.10', '0.20', '-0.30']), '0.00');
  is('exact where floats are too short', sum(['9007199254740993.01', '0.01']), '9007199254740993.02');
  const most = '92233720368547758.07';
  is('wider than any amount', sum(Array(1000).fill(most)), '92233720368547758070.00');
  is('and below zero', sum(Array(3).fill(`-${most}`)), '-276701161105643274.21');
  is('down to nothing', sum([most, most, `-${most}`, `-${most}`]), '0.00');
  is('a wide trial balance', balanceSheet(['27670116110564327421', '-27670116110564327420', '-1'].map((value) => ({
    kind: 'CUSTOMERS', sum: { value, currency: 'JPY' } }))).map(({ debit, credit, difference }) => [debit, credit, difference]),
  [['27670116110564327421', '27670116110564327421', '0']]);
  is('unlike decimals', sum(['1', '0.125']), '1.125');
  is('zero', [isZero('0.000'), isZero('-0.01'), isNegative('-0.01'), isNegative('0.00')], [true, false, true, false]);
  for (const text of ['', '1e3', '1.', 'NaN']) {
    try {
      minor(text);
      wrong.push(`${text} passes as money`);
    } catch (error) {
      is('a RangeError', error instanceof RangeError, true);
    }
  }
}

// An amount is read as it was meant, or not at all.
function amounts() {
  const read = (text, currency = 'KWD') => typed(text, currency).value ?? 'refused';
  const meant = { '1234': '1234', '1234.5': '1234.5', '.5': '0.5', '5.': '5', ',5': '0.5', '12,5': '12.5', '007': '7',
    ' 12.34 ': '12.34', '1,234.50': '1234.50', '12,34,567.50': '1234567.50', '1,234,567.00': '1234567.00',
    '1.234,50': '1234.50', '1 234.50': '1234.50', "1'234,50": '1234.50', '1\u202f234\u202f567': '1234567',
    '+500.25': '500.25', '−30': '-30', '-30': '-30', '12.50 KWD': '12.50',
    'kwd 12.50': '12.50', '1,234.567': '1234.567' };
  for (const [text, value] of Object.entries(meant)) is(text, read(text), value);
  for (const text of ['1,234', '0,123', ',123', '1234,567', '1,234,567', '1 234,567', '1.234,567', '12.50 EUR',
    '€12.50', '1,23.50', '1 23', '12 34', '1.2.3', '1,2,3', '1e3', 'twelve', '', '.', '-', '1_000', '5²', '١٢',
    '0x10', 'NaN', '--5']) {
    is(text, read(text), 'refused');
  }
  is('a sign', [read('€12.50', 'EUR'), read('12.50 $', 'USD'), read('£1,234.50', 'GBP')],
    ['12.50', '12.50', '1234.50']);
  is('both meanings', typed('1,234', 'KWD').problem, '1,234 can mean two amounts. Write 1234, or 1.234.');
  is('another currency', typed('12.50 EUR', 'KWD').problem, 'The amount must be in KWD, not EUR.');
  is('in a message', grouped('It has 1100.50 EUR available and -5 EUR held since 2026-03-01.'),
    'It has 1\u202f100.50 EUR available and −5 EUR held since 2026-03-01.');
  is('copied', copied(`${shown('-1234567.10')} EUR − ${shown('1234')}`), '-1234567.10 EUR − 1234');
}

function scale() {
  is('ticks', ticks(0n, 250_000n, 4), [0n, 100_000n, 200_000n, 300_000n]);
  is('below zero', ticks(-150n, 40n, 4), [-150n, -100n, -50n, 0n, 50n]);
  is('nothing', ticks(0n, 0n, 4), [0n, 1n]);
  const wide = ticks(-9223372036854775807n, 9223372036854775807n, 4);
  is('all of int64', wide[0] <= -9223372036854775807n && wide.at(-1) >= 9223372036854775807n && wide.length < 10, true);
  is('fractions', [[0n, 0n, 4n], [1n, 0n, 4n], [4n, 0n, 4n], [7n, 7n, 7n]].map((one) => fraction(...one)),
    [0, 0.25, 1, 0]);
  const day = Date.parse('2026-03-01T00:00:00Z');
  is('hours', timeTicks(day, day + 7_200_000, 4).found.map((at) => timeLabel(at, 1_800_000)),
    ['03-01', '00:30', '01:00', '01:30', '02:00']);
  is('at least one', timeTicks(day + 1, day + 900, 4).found.length, 1);
  is('a century', timeTicks(day, day + 36_525 * 86_400_000, 5).found.length <= 6, true);
  is('nearest', [0, 14, 16, 99].map((x) => nearest([10, 20, 30], x)), [0, 0, 1, 2]);
}

function chart() {
  const spread = positions([0, 100, 200, 300], 400, 0, 400);
  is('to scale, up to now', spread, { xs: [0, 100, 200, 300], even: false });
  const burst = positions([0, 1, 2, 3, 3_600_000], 7_200_000, 0, 500);
  is('a burst can be seen', burst, { xs: [0, 100, 200, 300, 400], even: true });
  is('one', positions([5], 10, 0, 100), { xs: [0], even: false });
  is('no older ones', [noteOf(0), noteOf(1, false, false)], ['No transactions yet.', '1 transaction, times in UTC.']);
  is('older ones', noteOf(50, false, true),
    '50 transactions, times in UTC. Load older transactions below to extend the chart.');
}

function trial() {
  const total = (kind, value, currency = 'EUR') => ({ kind, sum: { value, currency } });
  const totals = [
    total('CASH', '-2490.45'), total('CUSTOMER', '2425.50'), total('SETTLEMENT', '64.95'), total('TRANSIT', '0.00'),
    total('CUSTOMER', '7', 'JPY'), total('CASH', '-8', 'JPY'),
  ];
  is('debit and credit', balanceSheet(totals), [
    {
      currency: 'EUR',
      lines: [
        { kind: 'CASH', debit: '2490.45', credit: null }, { kind: 'CUSTOMER', debit: null, credit: '2425.50' },
        { kind: 'TRANSIT', debit: null, credit: null }, { kind: 'SETTLEMENT', debit: null, credit: '64.95' },
      ],
      debit: '2490.45', credit: '2490.45', difference: '0.00',
    },
    {
      currency: 'JPY',
      lines: [{ kind: 'CASH', debit: '8', credit: null }, { kind: 'CUSTOMER', debit: null, credit: '7' }],
      debit: '8', credit: '7', difference: '-1',
    },
  ]);
  is('an empty bank', balanceSheet([]), []);
}

const connection = (versions, pageInfo) => ({
  edges: versions.map((version) => ({ cursor: `v${version}`, node: { version, accountId: 'acc_1' } })), pageInfo,
});
const range = (from, to) => Array.from({ length: from - to + 1 }, (_, i) => from - i);

function ledger() {
  const l = new Ledger();
  const versions = () => l.rows.map(({ version }) => version);
  is('nothing yet', [l.rows, l.newest, l.oldest], [[], null, null]);
  l.start(connection([9, 8, 6], { hasNextPage: true }));
  is('cursors of the first page', [l.newest, l.oldest, l.more], ['v9', 'v6', true]);
  is('the gap', l.newer(connection([12, 11, 10, 9], { hasPreviousPage: true })), true);
  l.older(connection([5, 2], { hasNextPage: false }));
  is('no gap, no repeat', [versions(), l.more], [[12, 11, 10, 9, 8, 6, 5, 2], false]);
  l.newer(connection(range(3000, 2000), { hasPreviousPage: false }));
  is('bounded', [l.rows.length, l.newest, l.more], [live, 'v3000', true]);
  for (let oldest = 3000 - live; !l.full && oldest > 0; oldest -= 50) {
    l.older(connection(range(oldest, oldest - 49), { hasNextPage: true }));
  }
  is('older ones make room', [l.rows.length, l.full, versions()[0]], [most, true, 3000]);
  l.newer(connection([3002, 3001], { hasPreviousPage: false }));
  is('and no more than that', [l.rows.length, l.oldest], [most, `v${3003 - most}`]);
  l.start(connection([9000], { hasNextPage: true }));
  is('begun anew', versions(), [9000]);
}

// A reversal says what is left of the row that it reverses.
function reversals() {
  const l = new Ledger();
  const edge = (version, more) => ({ cursor: `v${version}`, node: { version, accountId: 'acc_1', ...more } });
  const undone = { value: '3.00' };
  l.start({ edges: [edge(3, { type: 'TRANSFER_IN', transferId: 'trf_1' }), edge(2)], pageInfo: {} });
  l.newer({ edges: [edge(4, { reverses: { accountId: 'acc_1', version: 2, reversedAmount: undone } })], pageInfo: {} });
  l.newer({ edges: [edge(5, { reverses: { accountId: 'acc_2', version: 2, reversedAmount: undone },
    transfer: { reverses: { id: 'trf_1' } } })], pageInfo: {} });
  is('reversed amounts', l.rows.map((row) => l.reversed(row)?.value ?? null), [null, null, '3.00', '3.00']);
  is('of a row that was read later', l.reversed({ version: 2, reversedAmount: { value: '4.00' } }).value, '4.00');
}

// What must fail is not offered.
function offers() {
  const zero = { value: '0.00' };
  const open = { status: 'OPEN', currency: 'EUR', freeze: null, balance: { current: zero, held: zero, inTransit: zero },
    transfersInTransit: [] };
  const names = ['deposit', 'withdraw', 'transfer', 'placeHold', 'captureHold', 'releaseHold', 'reverse', 'setLimits',
    'freezeAccount', 'unfreezeAccount', 'closeAccount'];
  const refused = (account) => names.filter((name) => !allows({ ...open, ...account }, name));
  is('an empty account', refused({}), ['unfreezeAccount']);
  is('closed', refused({ status: 'CLOSED' }), names);
  is('unreadable', refused({ currency: 'XXX' }), names);
  is('debits blocked', refused({ freeze: { debits: true } }), ['withdraw', 'transfer', 'placeHold']);
  is('credits blocked', refused({ freeze: { credits: true } }), ['deposit']);
  for (const part of ['current', 'held', 'inTransit']) {
    is(part, refused({ balance: { ...open.balance, [part]: { value: '0.01' } } }), ['unfreezeAccount', 'closeAccount']);
  }
  const row = (type, more) => ({ type, amount: { value: '5.00' }, transferId: 'trf_1', ...more });
  const state = (type, more, account, returned = []) => reversal(row(type, more), { ...open, ...account },
    new Set(returned));
  is('reversible', ['DEPOSIT', 'WITHDRAWAL', 'HOLD_CAPTURE', 'TRANSFER_IN'].map((type) => state(type)),
    Array(4).fill('possible'));
  is('not reversible', ['REVERSAL', 'TRANSFER_RETURNED'].map((type) => state(type)), Array(2).fill('impossible'));
  is('in part and in full', ['2.00', '5.00'].map((value) => state('DEPOSIT', { reversedAmount: { value } })),
    ['possible', 'done']);
  is('a reversal itself', state('TRANSFER_IN', { transfer: { status: 'COMPLETED', reverses: { id: 'trf_0' } } }),
    'impossible');
  const sent = { transfer: { status: 'PENDING' } };
  is('a transfer', [state('TRANSFER_OUT', sent, { transfersInTransit: [{ transferId: 'trf_1' }] }),
    state('TRANSFER_OUT', sent), state('TRANSFER_OUT', sent, {}, ['trf_1'])], ['impossible', 'possible', 'impossible']);
  const [noDebits, noCredits] = [{ freeze: { debits: true } }, { freeze: { credits: true } }];
  is('a leg', ['DEBIT', 'CREDIT'].map((direction) => state('POSTING', { direction })), Array(2).fill('possible'));
  is('a leg of a reversal', state('POSTING', { direction: 'DEBIT', reverses: { id: 'txn_1_2' } }), 'impossible');
  is('a leg while blocked', ['DEBIT', 'CREDIT'].map((direction) =>
    state('POSTING', { direction }, { freeze: { debits: true } })), ['possible', 'impossible']);
  is('while blocked', [state('DEPOSIT', {}, noDebits), state('DEPOSIT', {}, noCredits),
    state('WITHDRAWAL', {}, noCredits)], ['impossible', 'possible', 'impossible']);
  const hold = { remaining: '0.00', captured: '0.00', amount: '9.00' };
  const says = (status, more) => headline(Object.fromEntries(Object.entries({ ...hold, ...more })
    .map(([name, value]) => [name, { value }]).concat([['status', status]]))).value;
  is('the headline of a hold', [says('ACTIVE', { remaining: '9.00' }), says('CAPTURED', { captured: '9.00' }),
    says('RELEASED'), says('EXPIRED')], Array(4).fill('9.00'));
}

// Debits and credits are equal in each currency by itself.
function legs() {
  const leg = (direction, value, currency = 'EUR') => ({ direction, amount: { value, currency } });
  const sums = (...list) => differences(list);
  is('equal', sums(leg('DEBIT', '100'), leg('CREDIT', '30.5'), leg('CREDIT', '69.50')), { EUR: '0.00' });
  is('by currency', sums(leg('DEBIT', '1'), leg('CREDIT', '1', 'JPY')), { EUR: '1', JPY: '-1' });
  is('not read yet', sums(leg('DEBIT', ''), leg('CREDIT', 'x'), leg('CREDIT', '1', '')), {});
  is('exact', sums(leg('DEBIT', '9007199254740993.01'), leg('CREDIT', '9007199254740993')), { EUR: '0.01' });
  is('in words', [say('EUR', '0.00'), say('EUR', '1234.5'), say('JPY', '-7')],
    ['', 'In EUR, the debits are 1\u202f234.5 more than the credits.',
      'In JPY, the credits are 7 more than the debits.']);
}

function addresses() {
  const route = { name: 'account', id: 'acc_1', more: 'reverse', parameters: { transaction: 'txn_1_2' } };
  is('a route', read('#/account/acc_1/reverse?transaction=txn_1_2'), route);
  is('no route', read(''), { name: 'accounts', id: '', more: '', parameters: {} });
  is('a link', link('accounts', { owner: 'Ada & Bob', kind: '', after: undefined }), '#/accounts?owner=Ada+%26+Bob');
  is('and back', read(link('accounts', { owner: 'Ada & Bob' })).parameters, { owner: 'Ada & Bob' });
  is('the past and predictions', ['#/account/acc_1@v3/deposit', '#/transfer/trf_1@dry'].map((hash) => read(hash).id),
    ['acc_1', 'trf_1']);
  is('broken escapes', ['#/account/%E0%A4%A', '#/hold/%', '#/account/a%20b'].map((hash) => read(hash).id),
    ['%E0%A4%A', '%', 'a b']);
  is('metadata', entries('a = 1\n\n b=x=y \nc'), [{ key: 'a', value: '1' }, { key: 'b', value: 'x=y' },
    { key: 'c', value: '' }]);
  is('moments', ['2026-03-01T10:00', '2026-03-01T10:00:07'].map(momentOf),
    ['2026-03-01T10:00:00.000Z', '2026-03-01T10:00:07.000Z']);
}

// What passes is tried again for a while, and anything else is not.
async function patience() {
  const failing = (times, code, retryable = true) => {
    let tried = 0;
    return () => { if (tried++ < times) throw Object.assign(new Error(code), { code, extensions: { retryable } }); return tried; };
  };
  const tried = async (work) => {
    let waited = 0;
    const end = await patiently(work, () => { waited++; }, { longest: 200, first: 1 }).catch(({ code }) => code);
    return [end, waited > 0];
  };
  is('it passes', await tried(failing(3, 'UNAVAILABLE')), [4, true]);
  is('it does not pass', await tried(failing(Infinity, 'UNAVAILABLE')), ['UNAVAILABLE', true]);
  is('it is not known', await tried(failing(1, 'UNKNOWN_OUTCOME')), ['UNKNOWN_OUTCOME', false]);
  is('it is wrong', await tried(failing(1, 'UNAVAILABLE', false)), ['UNAVAILABLE', false]);
}

const sleep = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

// A page that draws slowly asks often enough to be live all the same.
async function liveness() {
  const real = window.fetch;
  const history = { edges: [], pageInfo: { hasNextPage: false, hasPreviousPage: false } };
  window.fetch = async () => new Response(JSON.stringify({ data: { account: { version: 1, history } } }));
  const stop = new AbortController();
  const page = new Live('acc', stop.signal);
  let behind = 0;
  try {
    await page.open();
    page.drawn(1000);
    for (let i = 0; i < 40; i++) {
      await sleep(100);
      if (socket.behind) behind++;
    }
  } finally {
    stop.abort();
    window.fetch = real;
  }
  is('live but for moments', behind < 8, true); // a loaded machine may be late
}

export async function run() {
  for (const part of [money, amounts, scale, chart, trial, ledger, reversals, offers, legs, addresses]) part();
  await patience();
  await liveness();
  if (checks < 118) wrong.push(`only ${checks} checks ran`);
  return wrong;
}

// asked returns every document that the page may send, by name.
export function asked() {
  const documents = Object.entries(queries).filter(([, text]) => typeof text === 'string'
    && !text.trim().startsWith('fragment'));
  const mutations = Object.entries(forms).map(([name, { extra }]) => [name, queries.mutation(name, extra)]);
  return Object.fromEntries([...documents, ...mutations]);
}

// asking returns the fields of each form and of a leg, and which of them are required.
const needs = (fields) => Object.fromEntries(fields.map(({ name, required, choices = [] }) =>
  [name, { required: Boolean(required), choices }]));
export const asking = () => ({ ...Object.fromEntries(Object.entries(forms).map(([name, { fields }]) =>
  [name, needs(fields)])), leg: needs(legFields) });

export { batchItems };
