package view

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// Digest stands for something of which only equality matters: SHA-256.
type Digest [sha256.Size]byte

// String is the beginning of the digest, enough to tell two apart.
func (d Digest) String() string { return fmt.Sprintf("%x", d[:8]) }

// With is the digest of a history with one more line: a chain, oldest first.
func (d Digest) With(l Transaction) Digest {
	text := append(make([]byte, 0, 512), d[:]...)
	credit := int64(0)
	if l.Credit {
		credit = 1
	}
	for _, number := range []int64{l.Version, l.Position, l.Amount, credit, l.BalanceAfter, l.OccurredAt.UnixMicro(),
		l.EffectiveAt.UnixMicro(), l.Hold, l.Reverses} {
		text = binary.BigEndian.AppendUint64(text, uint64(number))
	}
	for _, s := range []string{string(l.Account), string(l.Type), string(l.Currency), l.Reference, l.Memo,
		l.ExternalID, l.Caller, string(l.Counterparty), string(l.Transfer), string(l.ReversesTransfer), l.Reason,
		string(l.Journal)} {
		text = binary.BigEndian.AppendUint32(text, uint32(len(s)))
		text = append(text, s...)
	}
	return sha256.Sum256(text)
}

// And is the digest of a set with one more member, in whatever order they
// come: what DigestOf makes of it.
func (d Digest) And(member Digest) Digest {
	for i, b := range member {
		d[i] ^= b
	}
	return d
}

// DigestOf is the digest of a document, by its JSON.
func DigestOf(document any) (Digest, error) {
	text, err := json.Marshal(document)
	if err != nil {
		return Digest{}, fmt.Errorf("digest %T: %w", document, err)
	}
	return sha256.Sum256(text), nil
}
