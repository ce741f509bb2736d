// The console's GraphQL documents. A test checks each one against the schema.
const money = '{ value currency }';

const balance = `balance {
  current ${money} available ${money} held ${money} overdraft ${money} inTransit ${money} version asOf
}`;

export const transactionFields = `
fragment Line on Transaction {
  id accountId type direction version occurredAt effectiveAt reference memo reason caller
  amount ${money} balanceAfter ${money} counterpartyId transferId externalId
  journalId legs { index accountId direction amount ${money} }
}`;

// What decides whether a transaction can be reversed.
const standing = `
fragment Standing on Transaction {
  reversedAmount ${money} transfer { status reverses { id } }
  reverses { id accountId version transferId reversedAmount ${money} }
}`;

const page = `edges { cursor node { ...Line ...Standing } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`;

const transferFields = `
fragment Sent on Transfer {
  id fromAccountId toAccountId status sentAt endedAt effectiveAt reference memo amount ${money}
  rejection { code message }
}`;

const journalFields = `
fragment Posted on JournalTransaction {
  id postedAt caller legCount
  legs { index accountId direction reference memo amount ${money} transaction { id version } }
}`;

const holdFields = `
fragment Held on Hold {
  id accountId status placedAt expiresAt reference memo amount ${money} remaining ${money} captured ${money}
}`;

export const accountFields = `
fragment Whole on Account {
  id owner name kind currency status externalId version openedAt closedAt
  freeze { debits credits reason by since }
  limits {
    overdraft ${money} debitPerTransaction ${money} debitPerDay ${money}
    spentToday ${money} remainingToday ${money} resetsAt
  }
  metadata { key value }
  stale { reason since }
  ${balance}
  holds { ...Held }
  transfersInTransit { transferId toAccountId amount ${money} }
}`;

export const accounts = `
query Accounts($first: Int, $after: String, $filter: AccountFilter) {
  accounts(first: $first, after: $after, filter: $filter) {
    nodes {
      id owner name kind currency status openedAt stale { reason }
      balance { current ${money} available ${money} }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

// account reads an account with a page of its history, so that both are of one moment.
export const account = `
query Account($id: ID!, $minVersion: Int, $waitMs: Int, $first: Int, $last: Int, $before: String) {
  account(id: $id, minVersion: $minVersion, waitMs: $waitMs) {
    ...Whole
    history(first: $first, last: $last, before: $before) {
    ${page}
    }
  }
}
${accountFields}${holdFields}${transactionFields}${standing}`;

export const caller = `
query Caller { caller { subject roles queries mutations } }`;

export const accountByExternalId = `
query Find($externalId: String!) { accountByExternalId(externalId: $externalId) { id } }`;

export const history = `
query History($accountId: ID!, $first: Int, $after: String, $filter: TransactionFilter) {
  history(accountId: $accountId, first: $first, after: $after, filter: $filter) {
    ${page}
  }
}
${transactionFields}${standing}`;

export const totals = `
query Totals($accountId: ID!, $filter: TransactionFilter) {
  history(accountId: $accountId, first: 1, filter: $filter) { totals { count credits ${money} debits ${money} } }
}`;

export const accountUpdated = `
subscription AccountUpdated($id: ID!) { accountUpdated(id: $id) { id version } }`;

export const transfer = `
query Transfer($id: ID!) {
  transfer(id: $id) { ...Sent reverses { ...Sent } reversals { ...Sent } }
}
${transferFields}`;

export const hold = `
query Hold($id: ID!) { hold(id: $id) { ...Held } }
${holdFields}`;

export const journal = `
query Journal($id: ID!) { node(id: $id) { ...Posted } }
${journalFields}`;

export const accountState = `
query State($id: ID!) { account(id: $id) { id status currency freeze { debits credits reason } ${balance} } }`;

export const commandStatus = `
query CommandStatus($accountId: ID, $idempotencyKey: String!) {
  commandStatus(accountId: $accountId, idempotencyKey: $idempotencyKey) {
    state message event { type occurredAt version }
  }
}`;

export const health = `
query Health {
  systemStatus { head published projected lag lastAudit { at position records accounts findings ok } }
  trialBalance { position at balanced totals { kind sum ${money} } }
}`;

const refusalFields = `
fragment Refusal on UserError {
  __typename code message path retryable
  ... on InvalidAmount { maxPrecision }
  ... on IdempotencyConflict { fields }
  ... on ExternalIdTaken { accountId }
  ... on AccountClosed { since }
  ... on CurrencyMismatch { expected }
  ... on AccountFrozen { since reason }
  ... on OverdraftInUse { used ${money} }
  ... on HoldExpired { since }
  ... on AlreadyReversed { by }
  ... on AmountExceedsRemaining { remaining ${money} }
  ... on LimitExceeded { limit ${money} remaining ${money} resetsAt }
  ... on InsufficientFunds { available ${money} shortfall ${money} }
  ... on AccountNotEmpty { balance ${money} held ${money} inTransit ${money} }
  ... on TooManyOpenItems { most }
  ... on DestinationRefusal { accountId }
}`;

const after = `account { id status version ${balance} } transaction { ...Line }`;
const extras = {
  hold: ['hold { ...Held }', holdFields], transfer: ['transfer { ...Sent }', transferFields],
  journal: ['journal { ...Posted }', journalFields],
};

// mutation returns the document of a mutation. extra names what its payload also
// contains: a hold, a transfer, or what was posted on several accounts, of which no
// account is the one.
export function mutation(name, extra = []) {
  const input = `${name[0].toUpperCase()}${name.slice(1)}Input`;
  const one = name !== 'postTransaction';
  const parts = [one && after, ...extra.map((what) => extras[what][0])];
  const fragments = [one && transactionFields, refusalFields, ...extra.map((what) => extras[what][1])];
  return `mutation ${name}($input: ${input}!) {
  done: ${name}(input: $input) { ${parts.filter(Boolean).join(' ')} replayed dryRun userErrors { ...Refusal } }
}${fragments.filter(Boolean).join('')}`;
}

export const postBatch = `mutation postBatch($input: PostBatchInput!) {
  done: postBatch(input: $input) {
    dryRun failedIndex userErrors { ...Refusal }
    results {
      index status account { id version ${balance} } transaction { ...Line } transfer { ...Sent } hold { ...Held }
      journal { ...Posted } userErrors { ...Refusal }
    }
  }
}${transactionFields}${refusalFields}${transferFields}${holdFields}${journalFields}`;
