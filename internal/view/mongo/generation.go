package mongo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"corebank/internal/view"
)

// DefaultRetention is longer than a reader takes to read one page, after it has
// checked which views are live.
const DefaultRetention = 5 * time.Second

// Generations are collections side by side: accounts, history, checkpoint and so
// on are the first generation; accounts-1, history-1, checkpoint-1 and so on the
// next. One document in the collection generations names the live one. Any number
// of processes may use them.
type Generations struct {
	uri     string
	options Options
}

var _ view.Generations = (*Generations)(nil)

// NewGenerations returns the generations in the MongoDB at uri. It does not
// connect yet.
func NewGenerations(uri string, opts Options) *Generations { return &Generations{uri, opts} }

// Shared implements view.Generations.
func (g *Generations) Shared() string {
	return fmt.Sprintf("the database %q of MongoDB (MONGODB_DATABASE)", cmp.Or(g.options.Database, DefaultDatabase))
}

// pointerID is the id of the only document of the collection generations.
const pointerID = "views"

// pointer says which generations are in use. If there is none, the first is live.
type pointer struct {
	ID   string `bson:"_id"`
	Live int64  `bson:"live"`
	// Previous is nil until the first switch.
	Previous *int64 `bson:"previous,omitempty"`
	// Building is the one that was created last, until it is live. A rebuild of
	// any other generation was overtaken.
	Building *int64 `bson:"building,omitempty"`
	// Last is the highest number that was assigned.
	Last int64 `bson:"last"`
	// SwitchedAt is the server's time of the last switch; zero if there was none.
	SwitchedAt time.Time `bson:"switchedAt,omitempty"`
}

func (p pointer) uses(number int64) bool {
	return number == p.Live || is(p.Previous, number) || is(p.Building, number)
}

func is(number *int64, n int64) bool { return number != nil && *number == n }

func (d database) readPointer(ctx context.Context) (p pointer, err error) {
	err = d.pointers.FindOne(ctx, bson.D{{Key: "_id", Value: pointerID}}).Decode(&p)
	if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		return p, fmt.Errorf("find out which views are live: %w", err)
	}
	return p, nil
}

// open connects and lets choose open a generation. It disconnects if that fails.
func (g *Generations) open(
	ctx context.Context, choose func(database) (view.Generation, error),
) (view.Generation, error) {
	d, err := connect(ctx, g.uri, g.options)
	if err != nil {
		return view.Generation{}, err
	}
	chosen, err := choose(d)
	if err != nil {
		return view.Generation{}, errors.Join(err, d.client.Disconnect(context.WithoutCancel(ctx)))
	}
	return chosen, nil
}

// Live opens the live generation.
func (g *Generations) Live(ctx context.Context) (view.Generation, error) {
	return g.open(ctx, func(d database) (view.Generation, error) {
		number, store, err := d.live(ctx)
		return view.Generation{Number: number, Store: store}, err
	})
}

// live opens the live generation. Then it checks again which one is live, because
// two switches in a row may have removed it in the meantime.
func (d database) live(ctx context.Context) (number int64, store *Store, err error) {
	p, err := d.readPointer(ctx)
	for err == nil {
		store = d.store(p.Live)
		openErr := store.reopen(ctx, p.Live)
		was := p.Live
		if p, err = d.readPointer(ctx); err == nil && p.Live == was {
			return was, store, openErr
		}
	}
	return 0, nil, err
}

// reopen opens an existing generation. Only the first one is created if it does
// not exist.
func (s *Store) reopen(ctx context.Context, number int64) error {
	if number == 0 && !s.readOnly {
		return s.create(ctx)
	}
	err := s.checkSchema(ctx)
	if number == 0 && errors.Is(err, view.ErrRetired) { // the projector has not made it yet
		return s.createFirst(ctx)
	}
	if errors.Is(err, view.ErrRetired) {
		return fmt.Errorf("%s does not have generation %d of the views, which should be live: "+
			"stop the bank and drop the database; the projector builds it again from the log", s.db.Name(), number)
	}
	return err
}

// unauthorized is MongoDB's code for a command that the user may not give.
const unauthorized = 13

// createFirst creates the first generation for a reader, if it may.
func (s *Store) createFirst(ctx context.Context) error {
	err := s.create(ctx)
	if refused := mongo.ServerError(nil); errors.As(err, &refused) && refused.HasErrorCode(unauthorized) {
		return fmt.Errorf("there are no views in database %s yet, and this user of MongoDB may only read: "+
			"start the projector first", s.db.Name())
	}
	return err
}

// Create makes an empty generation beside the live one.
func (g *Generations) Create(ctx context.Context) (view.Generation, error) {
	return g.open(ctx, func(d database) (view.Generation, error) {
		p, err := d.claim(ctx)
		if err != nil {
			return view.Generation{}, fmt.Errorf("create a generation: %w", err)
		}
		if err := d.sweep(ctx, p, p.SwitchedAt); err != nil {
			return view.Generation{}, err
		}
		store := d.store(p.Last)
		return view.Generation{Number: p.Last, Store: store}, store.create(ctx)
	})
}

// claim assigns the next number to a new generation.
func (d database) claim(ctx context.Context) (p pointer, err error) {
	if _, err := d.pointers.InsertOne(ctx, pointer{ID: pointerID}); err != nil && !mongo.IsDuplicateKeyError(err) {
		return p, err
	}
	one := bson.D{{Key: "_id", Value: pointerID}}
	err = d.pointers.FindOneAndUpdate(ctx, one, bson.D{{Key: "$inc", Value: bson.D{{Key: "last", Value: int64(1)}}}},
		options.FindOneAndUpdate().SetReturnDocument(options.After)).Decode(&p)
	if err != nil {
		return p, err
	}
	p.Building = &p.Last
	_, err = d.pointers.UpdateOne(ctx, one, bson.D{{Key: "$set", Value: bson.D{{Key: "building", Value: p.Last}}}})
	return p, err
}

// Previous opens the generation that was live before the last switch.
func (g *Generations) Previous(ctx context.Context) (view.Generation, error) {
	return g.open(ctx, func(d database) (view.Generation, error) {
		p, err := d.readPointer(ctx)
		if err != nil {
			return view.Generation{}, err
		}
		if p.Previous == nil {
			return view.Generation{}, fmt.Errorf("views that were live before: %w", view.ErrNotFound)
		}
		store := d.store(*p.Previous)
		store.mayBeRetired.Store(true)
		err = store.checkSchema(ctx)
		if errors.Is(err, view.ErrRetired) {
			err = fmt.Errorf("views that were live before, generation %d: %w", *p.Previous, view.ErrNotFound)
		}
		return view.Generation{Number: *p.Previous, Store: store}, err
	})
}

// Switch makes a generation live. From then on the one that was live refuses
// writes with view.ErrRetired, from every process that has opened it.
func (g *Generations) Switch(ctx context.Context, to view.Generation) (was int64, err error) {
	store, ours := to.Store.(*Store)
	if !ours {
		return 0, fmt.Errorf("generation %d does not belong to MongoDB", to.Number)
	}
	p, err := store.readPointer(ctx)
	if err != nil {
		return 0, err
	}
	next := func(ctx context.Context) error { return store.point(ctx, p, to.Number) }
	if store.stepwise {
		err = next(ctx)
	} else {
		err = store.transact(ctx, next)
	}
	if err != nil {
		return 0, err
	}
	store.mayBeRetired.Store(false)
	was = p.Live
	now := pointer{Live: to.Number, Previous: &was}
	_ = store.sweep(ctx, now, p.SwitchedAt) // a later sweep removes what this one leaves
	return was, nil
}

// point makes a generation live, unless the pointer has changed since p was read.
func (s *Store) point(ctx context.Context, p pointer, to int64) error {
	role := "building"
	if is(p.Previous, to) {
		role = "previous"
	}
	moved, err := s.pointers.UpdateOne(ctx,
		bson.D{{Key: "_id", Value: pointerID}, {Key: "live", Value: p.Live}, {Key: role, Value: to}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "live", Value: to}, {Key: "previous", Value: p.Live}}},
			{Key: "$unset", Value: bson.D{{Key: "building", Value: ""}}},
			{Key: "$currentDate", Value: bson.D{{Key: "switchedAt", Value: true}}}})
	if err != nil {
		return fmt.Errorf("make generation %d live: %w", to, err)
	}
	if moved.MatchedCount == 0 {
		return fmt.Errorf("generation %d of the views was overtaken by another rebuild, or is live: start again", to)
	}
	if err := s.store(p.Live).retire(ctx, true); err != nil {
		return err
	}
	return s.retire(ctx, false)
}

// retire sets whether the generation refuses writes.
func (s *Store) retire(ctx context.Context, retired bool) error {
	_, err := s.checkpoint.UpdateOne(ctx, bson.D{{Key: "_id", Value: checkpointID}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "retired", Value: retired}}}})
	if err != nil {
		return fmt.Errorf("retire views: %w", err)
	}
	return nil
}

// Discard closes and removes a generation that is not live.
func (g *Generations) Discard(ctx context.Context, generation view.Generation) error {
	store, ours := generation.Store.(*Store)
	if !ours {
		return fmt.Errorf("generation %d does not belong to MongoDB", generation.Number)
	}
	err := store.discard(ctx, generation.Number)
	return errors.Join(err, store.Close(ctx))
}

func (d database) discard(ctx context.Context, number int64) error {
	p, err := d.readPointer(ctx)
	if err != nil {
		return err
	}
	if number == p.Live {
		return fmt.Errorf("generation %d is live", p.Live)
	}
	return d.remove(ctx, number)
}

// remove drops the checkpoint first: without it, no process uses the generation.
func (d database) remove(ctx context.Context, number int64) error {
	for _, name := range parts {
		if err := d.db.Collection(collection(name, number)).Drop(ctx); err != nil {
			return fmt.Errorf("remove generation %d of the views: %w", number, err)
		}
	}
	return nil
}

// parts are the collections of a generation.
var parts = []string{"checkpoint", "accounts", "history", "links", "states", "trials"}

// sweep removes all generations that are not in use, unless one of them may have
// been live a moment ago.
func (d database) sweep(ctx context.Context, p pointer, switchedAt time.Time) error {
	if greeting, err := d.hello(ctx); err != nil || greeting.Time.Sub(switchedAt) < d.retention {
		return err
	}
	names, err := d.db.ListCollectionNames(ctx, bson.D{})
	if err != nil {
		return fmt.Errorf("list the collections: %w", err)
	}
	for _, name := range names {
		if number, is := numberOf(name); is && !p.uses(number) {
			if err := d.db.Collection(name).Drop(ctx); err != nil {
				return fmt.Errorf("remove %s: %w", name, err)
			}
		}
	}
	return nil
}

// numberOf is the number of the generation that a collection belongs to, if any.
func numberOf(name string) (number int64, is bool) {
	for _, part := range parts {
		if name == part {
			return 0, true
		}
		if end, found := strings.CutPrefix(name, part+"-"); found {
			number, err := strconv.ParseInt(end, 10, 64)
			return number, err == nil && number > 0
		}
	}
	return 0, false
}
