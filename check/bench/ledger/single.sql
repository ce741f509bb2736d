WITH moved AS (
  UPDATE accounts SET balance = balance + $3, version = version + 1 WHERE id = $1 AND balance + $3 >= 0
  RETURNING balance, version),
keyed AS (INSERT INTO keys (account, key, amount) SELECT $1, $2::text, $3 FROM moved),
entered AS (INSERT INTO entries (account, version, amount, balance, key, reference)
  SELECT $1, version, $3, balance, $2::text, $4::text FROM moved)
SELECT balance, version FROM moved
