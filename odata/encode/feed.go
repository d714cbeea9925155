package encode

import (
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
)

// AppendFeedHead appends the beginning of a collection, up to the opening
// bracket of its rows. context is the absolute context address; it is left out
// without metadata. count is negative where none was asked for.
func AppendFeedHead(dst []byte, o Options, context string, count int64) []byte {
	dst = append(dst, '{')
	start := len(dst)
	dst = AppendLead(dst, o, context)
	if count >= 0 {
		dst = AppendCount(comma(dst, start), o, "", count)
	}
	return append(comma(dst, start), `"value":[`...)
}

// comma separates a member from the one before it, if there is one.
func comma(dst []byte, start int) []byte {
	if len(dst) > start {
		return append(dst, ',')
	}
	return dst
}

// AppendCount appends the member that gives the number of entities of a feed,
// or of the navigation property of that name, without comma.
func AppendCount(dst []byte, o Options, property string, count int64) []byte {
	dst = append(cell.AppendString(dst, property+o.Prefix+"count"), ':')
	if o.IEEE754 {
		return append(strconv.AppendInt(append(dst, '"'), count, 10), '"')
	}
	return strconv.AppendInt(dst, count, 10)
}

// AppendFeedTail closes a collection. count is the number of its entities where the
// head did not have it, else negative; next is the address of the next page, delta that of
// later changes, or "".
func AppendFeedTail(dst []byte, o Options, count int64, next, delta string) []byte {
	dst = append(dst, ']')
	if count >= 0 {
		dst = AppendCount(append(dst, ','), o, "", count)
	}
	dst = appendLast(dst, o, "nextLink", next)
	return append(appendLast(dst, o, "deltaLink", delta), '}')
}

func appendLast(dst []byte, o Options, name, link string) []byte {
	if link == "" {
		return dst
	}
	return cell.AppendString(append(cell.AppendString(append(dst, ','), o.Prefix+name), ':'), link)
}

// AppendRemoved appends the item of a delta for an entity that is not in the feed any
// more: its address and the reason, deleted or changed. context is the address of the
// context, which answers of version 4.0 tell of it.
//
// Source: OData JSON Format 4.01, section 15.3; 4.0, section 14.2 (deleted entities).
func AppendRemoved(dst []byte, o Options, context, id, reason string) []byte {
	if o.Prefix == "@" {
		dst = cell.AppendString(append(dst, `{"@removed":{"reason":`...), reason)
		return append(cell.AppendString(append(dst, `},"@id":`...), id), '}')
	}
	dst = cell.AppendString(append(dst, `{"@odata.context":`...), context)
	dst = cell.AppendString(append(dst, `,"id":`...), id)
	return append(cell.AppendString(append(dst, `,"reason":`...), reason), '}')
}

// AppendLead appends the member that begins every answer, without comma: its
// context. There is none without metadata.
func AppendLead(dst []byte, o Options, context string) []byte {
	if o.Metadata == None {
		return dst
	}
	return cell.AppendString(append(cell.AppendString(dst, o.Prefix+"context"), ':'), context)
}

// AppendProperty appends an answer that is the first value of an array, which isn't null
// but for a list, wrapped in an object. count is the number of a list's items, negative
// where none was asked for.
func AppendProperty(dst []byte, o Options, context string, count int64, t catalog.Type, value arrow.Array) ([]byte, error) {
	c, err := bind(t, value, o)
	if err != nil {
		return nil, err
	}
	dst = append(dst, '{')
	start := len(dst)
	dst = AppendLead(dst, o, context)
	if count >= 0 {
		dst = AppendCount(comma(dst, start), o, "", count)
	}
	dst = append(comma(dst, start), `"value":`...)
	if c.Null(0) {
		dst = append(dst, "[]"...)
	} else {
		dst = c.AppendJSON(dst, 0)
	}
	return append(dst, '}'), nil
}

// AppendRaw appends the value of the first column of the batch's first row as
// plain text. null is true where there is none.
func AppendRaw(dst []byte, t catalog.Type, batch arrow.RecordBatch) (out []byte, null bool, err error) {
	c, err := bind(t, batch.Column(0), Options{})
	if err != nil {
		return nil, false, err
	}
	if c.Null(0) {
		return dst, true, nil
	}
	return append(dst, c.Text(0)...), false, nil
}

// KeyText returns the cell of a batch as text for a key of a further read. The text
// outlives the batch, whose memory may be used again.
func KeyText(t catalog.Type, batch arrow.RecordBatch, column, row int) (text string, null bool, err error) {
	c, err := bind(t, batch.Column(column), Options{})
	if err != nil {
		return "", false, err
	}
	if c.Null(row) {
		return "", true, nil
	}
	return strings.Clone(c.Text(row)), false, nil
}
