// The forms of all mutations. Field names are those of the schema's inputs.
// Every form has idempotencyKey and dryRun, which are not listed. A test compares
// the forms with the schema.
const reference = { name: 'reference', label: 'Reference', max: 140, more: true };
const memo = { name: 'memo', label: 'Memo', max: 500, more: true };
const externalId = { name: 'externalId', label: 'External id', max: 140, more: true };
const effectiveAt = { name: 'effectiveAt', label: 'Effective at', kind: 'moment', more: true,
  hint: 'In UTC and not in the future. Leave empty for now.' };
const notes = [reference, memo, externalId];

const accountId = { name: 'accountId', label: 'Account', required: true, from: 'account' };
const amount = { name: 'amount', label: 'Amount', kind: 'money', required: true };
const reason = { name: 'reason', label: 'Reason', max: 300 };
const metadata = { name: 'metadata', label: 'Metadata', kind: 'metadata', more: true,
  hint: 'One entry per line: key = value.' };
const waitMs = { name: 'waitMs', fixed: 3000 }; // so that the answer contains the transfer's outcome

export const forms = {
  openAccount: {
    title: 'Open an account', done: 'The account was opened', button: 'Open the account',
    fields: [
      { name: 'owner', label: 'Owner', max: 140, required: true, from: 'caller' },
      { name: 'currency', label: 'Currency', kind: 'currency', required: true,
        hint: 'An ISO 4217 code such as EUR, USD or JPY. It cannot be changed later.' },
      { name: 'name', label: 'Name of the account', max: 140 },
      { name: 'kind', label: 'Kind', kind: 'choice', choices: ['CURRENT', 'SAVINGS', 'BUSINESS'] },
      { name: 'externalId', label: 'External id', max: 140, more: true,
        hint: 'Your own id for the account. Unique within the bank.' },
      metadata,
    ],
  },
  updateAccount: {
    title: 'Change name or metadata', done: 'The account was updated', button: 'Update the account',
    fields: [
      accountId,
      { name: 'name', label: 'Name of the account', max: 140, kind: 'kept', from: 'name',
        hint: 'Leave empty to remove the name.' },
      { ...metadata, more: false, from: 'metadata',
        hint: 'One entry per line: key = value. Replaces all existing entries.' },
    ],
  },
  deposit: {
    title: 'Deposit cash', done: 'The deposit was made', button: 'Deposit',
    fields: [accountId, amount, ...notes, effectiveAt],
  },
  withdraw: {
    title: 'Withdraw cash', done: 'The withdrawal was made', button: 'Withdraw',
    fields: [accountId, amount, ...notes, effectiveAt],
  },
  transfer: {
    title: 'Transfer to another account', done: 'The transfer was sent', button: 'Transfer', extra: ['transfer'],
    fields: [
      { ...accountId, name: 'fromAccountId', label: 'From account' },
      { name: 'toAccountId', label: 'To account', required: true, hint: 'The account id, which starts with acc_.' },
      amount, ...notes, effectiveAt, waitMs,
    ],
  },
  postTransaction: {
    title: 'Post on several accounts', done: 'All legs were posted', button: 'Post all legs', extra: ['journal'],
    fields: [{ name: 'legs', label: 'Legs', kind: 'legs', required: true }],
    keyBelongsTo: ({ legs }) => legs.find(({ direction }) => direction === 'DEBIT')?.accountId,
  },
  placeHold: {
    title: 'Place a hold', done: 'The hold was placed', button: 'Place the hold', extra: ['hold'],
    fields: [accountId, amount, { name: 'expiresAt', label: 'Expires at', kind: 'moment', more: true,
      hint: 'In UTC. Leave empty for 7 days from now.' }, ...notes],
  },
  adjustHold: {
    title: 'Adjust a hold', done: 'The hold was adjusted', button: 'Adjust', extra: ['hold'],
    fields: [
      { name: 'holdId', label: 'Hold', required: true, from: 'hold' },
      { ...amount, label: 'New total', required: false,
        hint: 'What was captured is a part of it. Leave empty to keep it.' },
      { name: 'expiresAt', label: 'Expires at', kind: 'moment', hint: 'In UTC. Leave empty to keep it.' },
    ],
  },
  captureHold: {
    title: 'Capture a hold', done: 'The hold was captured', button: 'Capture', extra: ['hold'],
    fields: [
      { name: 'holdId', label: 'Hold', required: true, from: 'hold' },
      { ...amount, required: false, hint: 'Leave empty for the full remaining amount.' },
      { name: 'releaseRest', label: 'Release the remaining amount', kind: 'check' },
      ...notes,
    ],
  },
  releaseHold: {
    title: 'Release a hold', done: 'The hold was released', button: 'Release', extra: ['hold'],
    fields: [{ name: 'holdId', label: 'Hold', required: true, from: 'hold' }, reason],
  },
  reverse: {
    title: 'Reverse a transaction', done: 'The transaction was reversed', button: 'Reverse', extra: ['transfer', 'journal'],
    fields: [
      { name: 'transactionId', label: 'Transaction', required: true, from: 'transaction' },
      { ...amount, required: false, hint: 'Leave empty for the amount not yet reversed.' },
      { ...reason, required: true }, waitMs,
    ],
  },
  freezeAccount: {
    title: 'Freeze the account', done: 'The account was frozen', button: 'Freeze',
    fields: [
      accountId,
      { name: 'scope', label: 'Block', kind: 'choice', choices: ['DEBITS', 'CREDITS', 'BOTH'], required: true },
      { ...reason, required: true, hint: 'Refusals show this text.' },
    ],
  },
  unfreezeAccount: {
    title: 'Unfreeze the account', done: 'The account was unfrozen', button: 'Unfreeze',
    fields: [accountId, reason],
  },
  setLimits: {
    title: 'Set overdraft and limits', done: 'The limits were set', button: 'Set the limits',
    fields: [
      accountId,
      { name: 'overdraft', label: 'Overdraft', kind: 'money', from: 'overdraft', hint: 'Leave empty for none.',
        unless: (account) => account?.kind === 'SAVINGS' },
      { name: 'debitPerTransaction', label: 'Maximum per debit', kind: 'money', from: 'debitPerTransaction',
        hint: 'Leave empty for no limit.' },
      { name: 'debitPerDay', label: 'Maximum per day (UTC)', kind: 'money', from: 'debitPerDay',
        hint: 'Leave empty for no limit.' },
    ],
  },
  closeAccount: {
    title: 'Close the account permanently', done: 'The account was closed', button: 'Close permanently', grave: true,
    fields: [accountId, reason],
    question: ({ owner, id }) => ({ title: 'Close this account permanently?', yes: 'Close the account',
      no: 'Keep it open', text: `The account of ${owner || id} cannot be opened again, and no money can move on it.` }),
  },
};

// legFields are those of one leg of postTransaction.
export const legFields = [
  { name: 'accountId', label: 'Account', required: true, hint: 'The account id, which starts with acc_.' },
  { name: 'direction', label: 'Direction', kind: 'choice', choices: ['CREDIT', 'DEBIT'], required: true },
  amount, reference, memo,
];

// batchItems are the forms that postBatch accepts as items.
export const batchItems = ['deposit', 'withdraw', 'transfer', 'placeHold', 'adjustHold', 'captureHold', 'releaseHold',
  'reverse', 'postTransaction'];
