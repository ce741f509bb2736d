CREATE TABLE IF NOT EXISTS accounts (
  id text PRIMARY KEY, currency text NOT NULL, balance bigint NOT NULL DEFAULT 0, version bigint NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS keys (
  account text NOT NULL, key text NOT NULL, amount bigint NOT NULL, PRIMARY KEY (account, key));
CREATE TABLE IF NOT EXISTS entries (
  account text NOT NULL, version bigint NOT NULL, amount bigint NOT NULL, balance bigint NOT NULL, key text NOT NULL,
  reference text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (account, version));
ALTER TABLE accounts SET (fillfactor = 50);
