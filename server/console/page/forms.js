// What each mutation asks of a person. The names of fields are those of the
// schema's inputs; idempotencyKey and dryRun belong to every form and are not
// listed. A test compares all of this with the schema.
const reference = { name: 'reference', label: 'Reference', max: 140, more: true };
const memo = { name: 'memo', label: 'Memo', max: 500, more: true };
const externalId = { name: 'externalId', label: 'Your own id for it', max: 140, more: true };
const effectiveAt = { name: 'effectiveAt', label: 'Counts from', kind: 'moment', more: true, hint: 'In UTC, never in the future. Empty: now.' };
const notes = [reference, memo, externalId];

const accountId = { name: 'accountId', label: 'Account', required: true, from: 'account' };
const amount = { name: 'amount', label: 'Amount', kind: 'money', required: true };
const reason = { name: 'reason', label: 'Reason', max: 300 };
const metadata = { name: 'metadata', label: 'Metadata', kind: 'metadata', more: true, hint: 'One entry per line: key = value.' };
const waitMs = { name: 'waitMs', fixed: 3000 }; // so that the end of a transfer is in the answer

export const forms = {
  openAccount: {
    title: 'Open an account', done: 'The account is open', button: 'Open the account',
    fields: [
      { name: 'owner', label: 'Owner', max: 140, required: true, autocomplete: 'off' },
      { name: 'currency', label: 'Currency', kind: 'currency', required: true, hint: 'For ever. An ISO 4217 code such as EUR, USD or JPY.' },
      { name: 'name', label: 'Name of the account', max: 140 },
      { name: 'kind', label: 'Kind', kind: 'choice', choices: ['CURRENT', 'SAVINGS', 'BUSINESS'] },
      { name: 'externalId', label: 'Your own id for it', max: 140, more: true, hint: 'Unique in the bank.' },
      metadata,
    ],
  },
  updateAccount: {
    title: 'Change name or metadata', done: 'The account was changed', button: 'Change the account',
    fields: [
      accountId,
      { name: 'name', label: 'Name of the account', max: 140, kind: 'kept', from: 'name', hint: 'Empty: no name.' },
      { ...metadata, more: false, from: 'metadata', hint: 'One entry per line: key = value. It takes the place of all there is.' },
    ],
  },
  deposit: {
    title: 'Deposit cash', done: 'The money is in', button: 'Deposit',
    fields: [accountId, amount, ...notes, effectiveAt],
  },
  withdraw: {
    title: 'Withdraw cash', done: 'The money is out', button: 'Withdraw',
    fields: [accountId, amount, ...notes, effectiveAt],
  },
  transfer: {
    title: 'Transfer to another account', done: 'The money has left', button: 'Transfer', extra: ['transfer'],
    fields: [
      { ...accountId, name: 'fromAccountId', label: 'From account' },
      { name: 'toAccountId', label: 'To account', required: true, hint: 'Its id: acc_ and what follows.' },
      amount, ...notes, effectiveAt, waitMs,
    ],
  },
  placeHold: {
    title: 'Hold an amount back', done: 'The amount is held', button: 'Place the hold', extra: ['hold'],
    fields: [accountId, amount, { name: 'expiresAt', label: 'Ends by itself at', kind: 'moment', more: true, hint: 'In UTC. Empty: in 7 days.' }, ...notes],
  },
  captureHold: {
    title: 'Capture a hold', done: 'The money is paid out', button: 'Capture', extra: ['hold'],
    fields: [
      { name: 'holdId', label: 'Hold', required: true, from: 'hold' },
      { ...amount, required: false, hint: 'Empty: all that is held.' },
      { name: 'releaseRest', label: 'Let go of the rest', kind: 'check' },
      ...notes,
    ],
  },
  releaseHold: {
    title: 'Release a hold', done: 'The hold is let go', button: 'Release', extra: ['hold'],
    fields: [{ name: 'holdId', label: 'Hold', required: true, from: 'hold' }, reason],
  },
  reverse: {
    title: 'Reverse a transaction', done: 'The transaction is undone', button: 'Reverse', extra: ['transfer'],
    fields: [
      { name: 'transactionId', label: 'Transaction', required: true, from: 'transaction' },
      { ...amount, required: false, hint: 'Empty: all that was not undone yet.' },
      { ...reason, required: true }, waitMs,
    ],
  },
  freezeAccount: {
    title: 'Freeze the account', done: 'The account is frozen', button: 'Freeze',
    fields: [
      accountId,
      { name: 'scope', label: 'What is forbidden', kind: 'choice', choices: ['DEBITS', 'CREDITS', 'BOTH'], required: true },
      { ...reason, required: true, hint: 'Refusals quote it.' },
    ],
  },
  unfreezeAccount: {
    title: 'Unfreeze the account', done: 'All movements are allowed again', button: 'Unfreeze',
    fields: [accountId, reason],
  },
  setLimits: {
    title: 'Set overdraft and limits', done: 'The limits are set', button: 'Set the limits',
    fields: [
      accountId,
      { name: 'overdraft', label: 'Overdraft', kind: 'money', from: 'overdraft', hint: 'Empty: none.' },
      { name: 'debitPerTransaction', label: 'Most per debit', kind: 'money', from: 'debitPerTransaction', hint: 'Empty: no limit.' },
      { name: 'debitPerDay', label: 'Most per day of UTC', kind: 'money', from: 'debitPerDay', hint: 'Empty: no limit.' },
    ],
  },
  closeAccount: {
    title: 'Close the account, for ever', done: 'The account is closed', button: 'Close it for ever', grave: true,
    fields: [accountId, reason],
  },
};

// batchItems are the forms that postBatch takes as items.
export const batchItems = ['deposit', 'withdraw', 'transfer', 'placeHold', 'captureHold', 'releaseHold', 'reverse'];
