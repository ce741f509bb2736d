// What the state of an account, a transaction or a hold allows: a button that must
// fail is not offered. Pure functions.
import { isZero, minor } from './money.js';

const debits = ['withdraw', 'transfer', 'placeHold', 'adjustHold'];
const credits = ['deposit'];

// emptied reports whether an account can be closed.
const emptied = ({ balance: { current, held, inTransit } }) =>
  [current, held, inTransit].every(({ value }) => isZero(value));

// allows reports whether an account in this state may take a command.
export function allows(account, name) {
  if (account.status === 'CLOSED' || account.currency === 'XXX') return false;
  const frozen = account.freeze;
  if (frozen?.debits && debits.includes(name)) return false;
  if (frozen?.credits && credits.includes(name)) return false;
  if (name === 'unfreezeAccount') return Boolean(frozen);
  if (name === 'closeAccount') return emptied(account);
  return true;
}

// why says why an account does not take a command.
export function why(account, name) {
  if (account.status === 'CLOSED') return 'The account is closed.';
  if (account.currency === 'XXX') return 'The account cannot be read.';
  if (name === 'unfreezeAccount') return 'The account is not frozen.';
  if (name === 'closeAccount') {
    return 'An account can be closed when its balance, its holds and what is in transit are 0.';
  }
  return `${debits.includes(name) ? 'Debits' : 'Credits'} are blocked: ${account.freeze.reason}`;
}

// transferStatus is the status of a row's transfer now: what was on its way when
// the row was read may have ended. returned holds the transfers that came back.
export function transferStatus(row, account, returned) {
  if (!row.transferId || row.type !== 'TRANSFER_OUT') return null;
  if (returned.has(row.transferId)) return 'RETURNED';
  if (row.transfer && row.transfer.status !== 'PENDING') return row.transfer.status;
  return account.transfersInTransit.some(({ transferId }) => transferId === row.transferId) ? 'PENDING' : 'COMPLETED';
}

const paysIn = { DEPOSIT: false, TRANSFER_IN: false, WITHDRAWAL: true, HOLD_CAPTURE: true, TRANSFER_OUT: true };
const paysBack = ({ type, direction }) => (type === 'POSTING' ? direction === 'DEBIT' : paysIn[type]);

// reversal says how a row stands: 'possible', 'done', or 'impossible'.
export function reversal(row, account, returned) {
  const all = minor(row.amount.value).units;
  const undone = minor(row.reversedAmount?.value ?? '0').units;
  if (undone > 0n && undone === all) return 'done';
  if (paysBack(row) === undefined || row.reverses || row.transfer?.reverses || !allows(account, 'reverse')) return 'impossible';
  if (row.type === 'TRANSFER_OUT' && transferStatus(row, account, returned) !== 'COMPLETED') return 'impossible';
  const { freeze } = account;
  return (paysBack(row) ? freeze?.credits : freeze?.debits) ? 'impossible' : 'possible';
}

// headline is the amount that says most about a hold: what it still reserves, or,
// once it has ended, what was captured, or else what it was for.
export function headline({ status, remaining, captured, amount }) {
  if (status === 'ACTIVE') return remaining;
  return isZero(captured.value) ? amount : captured;
}
