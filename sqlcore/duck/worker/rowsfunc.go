//go:build duckdb_arrow

package worker

/*
#include <stdint.h>
#include <stdlib.h>

void gatewayRowsBind(void *);
void gatewayRowsInit(void *);
void gatewayRowsNext(void *, void *);
void gatewayRowsDone(void *);
*/
import "C"

import (
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"

	db "github.com/duckdb/duckdb-go-bindings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// rowsFunction is the table function by which the engine reads streams. The
// engine's own scan of Arrow streams pushes projections and filters into it
// that the C API then ignores, which returns wrong columns; this one takes
// projections and nothing else. Queries cannot name it: it is not among the
// functions that they may call.
const rowsFunction = "gateway_rows"

// C calls back with numbers only, so streams and their scans are found here.
var (
	streams  registry[*batchReader]
	scans    registry[*rowScan]
	lastPlug atomic.Int64
)

type registry[T any] struct{ m sync.Map }

func (r *registry[T]) put(v T) int64 {
	id := lastPlug.Add(1)
	r.m.Store(id, v)
	return id
}

func (r *registry[T]) get(id int64) (v T, ok bool) {
	found, _ := r.m.Load(id)
	v, ok = found.(T)
	return v, ok
}

func (r *registry[T]) drop(id int64) { r.m.Delete(id) }

// registerRows makes the function known to a database.
func registerRows(c *conn) error {
	f := db.CreateTableFunction()
	defer db.DestroyTableFunction(&f)
	db.TableFunctionSetName(f, rowsFunction)
	number := db.CreateLogicalType(db.TypeBigInt)
	defer db.DestroyLogicalType(&number)
	db.TableFunctionAddParameter(f, number)
	db.TableFunctionSupportsProjectionPushdown(f, true)
	db.TableFunctionSetBind(f, unsafe.Pointer(C.gatewayRowsBind))
	db.TableFunctionSetInit(f, unsafe.Pointer(C.gatewayRowsInit))
	db.TableFunctionSetFunction(f, unsafe.Pointer(C.gatewayRowsNext))
	if db.RegisterTableFunction(c.c, f) == db.StateError {
		return &engineError{"Catalog Error: cannot register " + rowsFunction}
	}
	return nil
}

// numberData keeps an id in C memory, as data that C owns and frees.
func numberData(id int64) unsafe.Pointer {
	p := C.malloc(C.size_t(unsafe.Sizeof(id)))
	*(*int64)(p) = id
	return p
}

//export gatewayRowsBind
func gatewayRowsBind(p unsafe.Pointer) {
	info := db.BindInfo{Ptr: p}
	defer caught(func(text string) { db.BindSetError(info, text) })
	v := db.BindGetParameter(info, 0)
	defer db.DestroyValue(&v)
	id := db.GetInt64(v)
	r, ok := streams.get(id)
	if !ok {
		db.BindSetError(info, "no such stream")
		return
	}
	for i, f := range r.schema.Fields() {
		t := r.logicalType(i)
		db.BindAddResultColumn(info, f.Name, t)
		db.DestroyLogicalType(&t)
	}
	if r.expect > 0 {
		db.BindSetCardinality(info, db.IdxT(r.expect), false)
	}
	db.BindSetBindData(info, numberData(id), unsafe.Pointer(C.free))
}

//export gatewayRowsInit
func gatewayRowsInit(p unsafe.Pointer) {
	info := db.InitInfo{Ptr: p}
	defer caught(func(text string) { db.InitSetError(info, text) })
	r, ok := streams.get(*(*int64)(db.InitGetBindData(info)))
	if !ok {
		db.InitSetError(info, "no such stream")
		return
	}
	var columns []int
	for i := range db.InitGetColumnCount(info) {
		columns = append(columns, int(min(db.InitGetColumnIndex(info, i), 1<<20)))
	}
	var s *rowScan
	err := r.safely(func() (err error) {
		s, err = r.scan(columns)
		return err
	})
	if err != nil {
		db.InitSetError(info, err.Error())
		return
	}
	db.InitSetMaxThreads(info, 1) // rows keep their order
	db.InitSetInitData(info, numberData(scans.put(s)), unsafe.Pointer(C.gatewayRowsDone))
}

//export gatewayRowsNext
func gatewayRowsNext(p, chunk unsafe.Pointer) {
	info := db.FunctionInfo{Ptr: p}
	out := db.DataChunk{Ptr: chunk}
	defer caught(func(text string) { db.FunctionSetError(info, text) })
	s, ok := scans.get(*(*int64)(db.FunctionGetInitData(info)))
	if !ok {
		db.FunctionSetError(info, "no such scan")
		return
	}
	if err := s.r.safely(func() error { return s.fill(out) }); err != nil {
		db.FunctionSetError(info, err.Error())
	}
}

//export gatewayRowsDone
func gatewayRowsDone(p unsafe.Pointer) {
	defer caught(func(string) {})
	id := *(*int64)(p)
	C.free(p)
	if s, ok := scans.get(id); ok {
		scans.drop(id)
		s.close()
	}
}

// caught keeps a panic of the bindings themselves from crossing into C.
func caught(report func(text string)) {
	if p := recover(); p != nil {
		report(fmt.Sprint("panic: ", p))
	}
}

// logicalType gives the engine's type of a stream's column before the casts of
// selectList.
func (r *batchReader) logicalType(i int) db.LogicalType {
	if r.padded {
		return db.CreateLogicalType(db.TypeBoolean)
	}
	switch r.types[i] {
	case catalog.Bool:
		return db.CreateLogicalType(db.TypeBoolean)
	case catalog.Int32:
		return db.CreateLogicalType(db.TypeInteger)
	case catalog.Int64:
		return db.CreateLogicalType(db.TypeBigInt)
	case catalog.Float64:
		return db.CreateLogicalType(db.TypeDouble)
	case catalog.Timestamp:
		return db.CreateLogicalType(db.TypeTimestampTZ)
	case catalog.StringList, catalog.Int32List:
		of := db.TypeVarchar
		if r.types[i] == catalog.Int32List {
			of = db.TypeInteger
		}
		child := db.CreateLogicalType(of)
		defer db.DestroyLogicalType(&child)
		return db.CreateListType(child)
	default:
		return db.CreateLogicalType(db.TypeVarchar)
	}
}
