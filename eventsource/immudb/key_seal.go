package immudb

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"corebank/internal/seal"
)

// keySeal makes the code of an index of idempotency keys. With a key taken out of the index, a command could be
// executed twice; with a version changed, an executed one could look new. The secret is the event source's password
// of the log: only those who can write the log can make an index that counts.
type keySeal struct {
	name string // of the index
	key  seal.Key
}

func newKeySeal(database, password string) (keySeal, error) {
	key, err := seal.DeriveKey([]byte(password), "corebank: index of idempotency keys")
	return keySeal{name: "index of idempotency keys of " + database, key: key}, err
}

// keySum stands for all entries of an index: the sum, modulo 2^256, of a keyed hash of each. It is the same in whatever
// order they were added, and follows each change without a look at the others.
type keySum [4]uint64

// sealedSeen is what an index says of itself.
type sealedSeen struct {
	Seen State  `json:"seen"`
	Sum  keySum `json:"sum"`
}

// entry is the keyed hash of an entry.
func (s *keySeal) entry(hash []byte, version int64) (e keySum) {
	var text [len(s.key) + keyHashLength + 8]byte
	copy(text[:], s.key[:])
	copy(text[len(s.key):], hash)
	binary.BigEndian.PutUint64(text[len(s.key)+keyHashLength:], uint64(version))
	code := sha256.Sum256(text[:]) // of one length, so that none is the beginning of another
	for i := range e {
		e[i] = binary.BigEndian.Uint64(code[8*i:])
	}
	return e
}

func (s *keySum) add(e keySum) {
	var carry uint64
	for i := range s {
		s[i], carry = bits.Add64(s[i], e[i], carry)
	}
}

func (s *keySum) remove(e keySum) {
	var borrow uint64
	for i := range s {
		s[i], borrow = bits.Sub64(s[i], e[i], borrow)
	}
}

// verify checks that the index has the entries that its code was made for, and no others. It reads all of them.
func (x *keyIndex) verify() (err error) {
	all, err := x.db.NewIter(nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, all.Close()) }()
	var sum keySum
	for more := all.First(); more; more = all.Next() {
		if string(all.Key()) == string(keySeen) {
			continue
		}
		version, n := binary.Uvarint(all.Value())
		if n <= 0 || len(all.Key()) != keyHashLength {
			return fmt.Errorf("it is damaged: %x is %x", all.Key(), all.Value())
		}
		sum.add(x.seal.entry(all.Key(), int64(version)))
	}
	if err := all.Error(); err != nil {
		return err
	}
	if sum != x.sum {
		return errors.New("keys were taken out, put in or changed by somebody else")
	}
	return nil
}
