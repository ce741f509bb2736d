package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// The wire protocol: opcodes, sizes and flags.
const (
	opReply, opQuery, opMessage = 1, 2004, 2013
	headerSize                  = 16
	maxMessage                  = 48_000_000
	moreToCome                  = 1 << 1 // no reply is wanted
)

// request is a message of a client.
type request struct {
	id, opcode uint32
	quiet      bool
	command    bson.D
}

func readRequest(from io.Reader) (r request, err error) {
	header := make([]byte, headerSize)
	if _, err := io.ReadFull(from, header); err != nil {
		return r, err
	}
	size := binary.LittleEndian.Uint32(header)
	if size < headerSize || size > maxMessage {
		return r, fmt.Errorf("a message of %d bytes", size)
	}
	body := make([]byte, size-headerSize)
	if _, err := io.ReadFull(from, body); err != nil {
		return r, err
	}
	r.id, r.opcode = binary.LittleEndian.Uint32(header[4:]), binary.LittleEndian.Uint32(header[12:])
	switch r.opcode {
	case opMessage:
		return r, r.readMessage(body)
	case opQuery:
		return r, r.readQuery(body)
	default:
		return r, fmt.Errorf("opcode %d", r.opcode)
	}
}

var errShort = errors.New("a message that is too short")

// cut splits a document from the rest.
func cut(from []byte) (document, rest []byte, err error) {
	if len(from) < 4 {
		return nil, nil, errShort
	}
	size := binary.LittleEndian.Uint32(from)
	if size < 5 || int(size) > len(from) {
		return nil, nil, errShort
	}
	return from[:size], from[size:], nil
}

func (r *request) readQuery(body []byte) error {
	if len(body) < 4 {
		return errShort
	}
	end := bytes.IndexByte(body[4:], 0)
	if end < 0 || len(body) < 4+end+1+8 {
		return errShort
	}
	document, _, err := cut(body[4+end+1+8:])
	if err != nil {
		return err
	}
	return bson.Unmarshal(document, &r.command)
}

func (r *request) readMessage(body []byte) error {
	if len(body) < 4 {
		return errShort
	}
	r.quiet = binary.LittleEndian.Uint32(body)&moreToCome != 0
	var sequences bson.D
	for rest := body[4:]; len(rest) > 0; {
		kind := rest[0]
		document, after, err := cut(rest[1:])
		if err != nil {
			return err
		}
		rest = after
		if kind == 0 {
			if err := bson.Unmarshal(document, &r.command); err != nil {
				return err
			}
			continue
		}
		sequence, err := readSequence(document[4:])
		if err != nil {
			return err
		}
		sequences = append(sequences, sequence)
	}
	if len(r.command) == 0 {
		return errShort
	}
	r.command = append(r.command, sequences...)
	return nil
}

// readSequence reads documents that travel beside the command, as one of its fields.
func readSequence(from []byte) (bson.E, error) {
	end := bytes.IndexByte(from, 0)
	if end < 0 {
		return bson.E{}, errShort
	}
	documents := bson.A{}
	for rest := from[end+1:]; len(rest) > 0; {
		text, after, err := cut(rest)
		if err != nil {
			return bson.E{}, err
		}
		var document bson.D
		if err := bson.Unmarshal(text, &document); err != nil {
			return bson.E{}, err
		}
		documents, rest = append(documents, document), after
	}
	return bson.E{Key: string(from[:end]), Value: documents}, nil
}

// writeReply answers a request.
func writeReply(to io.Writer, r request, document bson.D) error {
	text, err := bson.Marshal(document)
	if err != nil {
		return err
	}
	code, head := uint32(opMessage), make([]byte, 5)
	if r.opcode == opQuery {
		code, head = opReply, make([]byte, 20) // flags, cursor, start, and one document
		head[16] = 1
	}
	message := binary.LittleEndian.AppendUint32(nil, uint32(headerSize+len(head)+len(text)))
	message = binary.LittleEndian.AppendUint32(message, r.id)
	message = binary.LittleEndian.AppendUint32(message, r.id)
	message = binary.LittleEndian.AppendUint32(message, code)
	_, err = to.Write(append(append(message, head...), text...))
	return err
}
