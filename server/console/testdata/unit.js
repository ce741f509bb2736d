// Checks of the page's pure functions, run in the browser by a Go test. run
// returns the failures.
import { entries, momentOf } from '/page/field.js';
import { batchItems, forms } from '/page/forms.js';
import { Ledger } from '/page/ledger.js';
import { decimal, isNegative, isZero, minor, shown, sum, typed } from '/page/money.js';
import * as queries from '/page/queries.js';
import { link, read } from '/page/route.js';
import { fraction, nearest, ticks, timeLabel, timeTicks } from '/page/scale.js';
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
  is('unlike decimals', sum(['1', '0.125']), '1.125');
  is('zero', [isZero('0.000'), isZero('-0.01'), isNegative('-0.01'), isNegative('0.00')], [true, false, true, false]);
  is('typed', ['1 000,50', "1'000.5", ' 12.34 ', '1,000.50', 'twelve'].map(typed),
    ['1000.50', '1000.5', '12.34', '1,000.50', 'twelve']);
  for (const text of ['', '1e3', '1.', 'NaN']) {
    try {
      minor(text);
      wrong.push(`${text} passes as money`);
    } catch (error) {
      is('a RangeError', error instanceof RangeError, true);
    }
  }
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

const row = (version) => ({ version, balanceAfter: { value: '1.00' } });
const connection = (versions, pageInfo) => ({
  edges: versions.map((version) => ({ cursor: `v${version}`, node: row(version) })),
  pageInfo: { startCursor: versions.length ? `v${versions[0]}` : null,
    endCursor: versions.length ? `v${versions.at(-1)}` : null, ...pageInfo },
});

function ledger() {
  const l = new Ledger();
  const versions = () => l.rows.map(({ version }) => version);
  l.older(connection([9, 8, 6], { hasNextPage: true }));
  is('cursors of the first page', [l.newest, l.oldest, l.more, l.resume], ['v9', 'v6', true, null]);
  is('an event', l.live({ cursor: 'p40', transaction: row(12) }), true);
  is('the same again', l.live({ cursor: 'p40', transaction: row(12) }), false);
  is('the gap before it', l.newer(connection([12, 11, 10], { hasPreviousPage: false })), false);
  l.older(connection([5, 2], { hasNextPage: false }));
  is('no gap, no repeat', versions(), [12, 11, 10, 9, 8, 6, 5, 2]);
  is('after a broken connection', l.resume, 'p40');
  l.live({ cursor: 'p41', transaction: row(13) });
  l.live({ cursor: 'p40', transaction: row(12) });
  is('received twice', [versions().slice(0, 2), l.head, l.more], [[13, 12], 13, false]);
  const empty = new Ledger();
  empty.older(connection([], { hasNextPage: false }));
  is('nothing yet', [empty.rows, empty.newest, empty.more, empty.head], [[], null, false, 0]);
}

function addresses() {
  const route = { name: 'account', id: 'acc_1', more: 'reverse', parameters: { transaction: 'txn_1_2' } };
  is('a route', read('#/account/acc_1/reverse?transaction=txn_1_2'), route);
  is('no route', read(''), { name: 'accounts', id: '', more: '', parameters: {} });
  is('a link', link('accounts', { owner: 'Ada & Bob', kind: '', after: undefined }), '#/accounts?owner=Ada+%26+Bob');
  is('and back', read(link('accounts', { owner: 'Ada & Bob' })).parameters, { owner: 'Ada & Bob' });
  is('metadata', entries('a = 1\n\n b=x=y \nc'), [{ key: 'a', value: '1' }, { key: 'b', value: 'x=y' },
    { key: 'c', value: '' }]);
  is('moments', ['2026-03-01T10:00', '2026-03-01T10:00:07'].map(momentOf),
    ['2026-03-01T10:00:00.000Z', '2026-03-01T10:00:07.000Z']);
}

export function run() {
  money();
  scale();
  trial();
  ledger();
  addresses();
  if (checks < 37) wrong.push(`only ${checks} checks ran`);
  return wrong;
}

// asked returns every document that the page may send, by name.
export function asked() {
  const documents = Object.entries(queries).filter(([, text]) => typeof text === 'string'
    && !text.trim().startsWith('fragment'));
  const mutations = Object.entries(forms).map(([name, { extra }]) => [name, queries.mutation(name, extra)]);
  return Object.fromEntries([...documents, ...mutations]);
}

// asking returns the fields of each form, and which of them are required.
export const asking = () => Object.fromEntries(Object.entries(forms).map(([name, { fields }]) =>
  [name, Object.fromEntries(fields.map((field) => [field.name,
    { required: Boolean(field.required), choices: field.choices ?? [] }]))]));

export { batchItems };
